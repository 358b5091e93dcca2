//! Where output goes: buffered standard output, standard error, and whether they take colour.

use std::error::Error;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use anstream::{AutoStream, ColorChoice};
use recheck_core::{Diagnostic, render};

use crate::args::{Colour, Hyperlinks};
use crate::failure::Failure;

/// The program's two streams.
pub(crate) struct Output {
    out: BufWriter<AutoStream<StdoutLock<'static>>>,
    colour: bool,
    links: bool,
    err_choice: ColorChoice,
}

impl Output {
    /// Both streams, with colours and links as asked for.
    pub(crate) fn new(colour: Colour, links: Hyperlinks) -> Output {
        let wanted = match colour {
            Colour::Auto => None,
            Colour::Always => Some(ColorChoice::Always),
            Colour::Never => Some(ColorChoice::Never),
        };
        let stdout = io::stdout().lock();
        let choice = wanted.unwrap_or_else(|| AutoStream::choice(&stdout));
        let colour = choice != ColorChoice::Never;
        let links = match links {
            Hyperlinks::Auto => stdout.is_terminal() && colour,
            Hyperlinks::Always => true,
            Hyperlinks::Never => false,
        };
        // The stream must not take the links away where only colour is unwanted.
        let choice = if links { ColorChoice::Always } else { choice };
        let out = BufWriter::with_capacity(64 * 1024, AutoStream::new(stdout, choice));
        let err_choice = wanted.unwrap_or_else(|| AutoStream::choice(&io::stderr()));
        Output { out, colour, links, err_choice }
    }

    /// Standard output.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Whether standard output takes colour.
    pub(crate) fn colour(&self) -> bool {
        self.colour
    }

    /// Whether standard output takes hyperlinks.
    pub(crate) fn links(&self) -> bool {
        self.links
    }

    /// Writes out what is buffered.
    ///
    /// # Errors
    ///
    /// When standard output is full or closed.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Draws a message about a fingerprint file on standard error.
    pub(crate) fn diagnostic(&self, diagnostic: &Diagnostic) {
        let colour = self.err_choice != ColorChoice::Never;
        self.tell(&render::snippet(diagnostic, colour));
    }

    /// Writes a line on standard error.
    pub(crate) fn say(&self, line: &str) {
        self.tell(&format!("{line}\n"));
    }

    /// Writes why the program ends, with all causes.
    pub(crate) fn failure(&self, failure: &Failure) {
        let mut causes = String::new();
        let mut next = failure.source();
        while let Some(cause) = next {
            causes.push_str(&format!("\n  caused by: {cause}"));
            next = cause.source();
        }
        self.say(&format!("error: {failure}{causes}"));
    }

    /// Standard error is locked only for one message: a thread that panics needs it too. That it
    /// can't be written to is nothing anyone could be told.
    fn tell(&self, text: &str) {
        let _ = AutoStream::new(io::stderr().lock(), self.err_choice).write_all(text.as_bytes());
    }
}
