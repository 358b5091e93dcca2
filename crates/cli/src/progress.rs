//! How far a long scan is, on a terminal: a bar on standard error, gone when the scan is done.

use std::{
    env,
    io::{self, IsTerminal, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use recheck_core::render::{bytes, count, counted};

/// A scan that is done by then is not worth a bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a drawn bar stays as it is.
const PERIOD: Duration = Duration::from_millis(100);

/// What the threads that scan count.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    files: AtomicU64,
    files_done: AtomicU64,
    /// Bytes of the files as they are stored or sent.
    size: AtomicU64,
    /// Shared with the bodies that servers send.
    size_done: Arc<AtomicU64>,
    /// Bytes of text read.
    text: AtomicU64,
    hits: AtomicU64,
}

/// A reader whose bytes are counted as text.
pub(crate) struct CountedText<'a, R> {
    reader: R,
    progress: &'a Progress,
}

/// A reader whose bytes are counted as those of a file.
pub(crate) struct CountedSize<R> {
    reader: R,
    done: Arc<AtomicU64>,
}

impl Progress {
    /// A file will be read.
    pub(crate) fn file(&self, size: u64) {
        self.files.fetch_add(1, Relaxed);
        self.size.fetch_add(size, Relaxed);
    }

    /// A file that will be read turns out to have so many bytes.
    pub(crate) fn size(&self, size: u64) {
        self.size.fetch_add(size, Relaxed);
    }

    /// A file was read to its end.
    pub(crate) fn file_done(&self, size: u64) {
        self.files_done.fetch_add(1, Relaxed);
        self.size_done.fetch_add(size, Relaxed);
    }

    /// So many bytes of text were read.
    pub(crate) fn text(&self, bytes: usize) {
        self.text.fetch_add(bytes as u64, Relaxed);
    }

    /// Fingerprints hit so many events.
    pub(crate) fn hits(&self, hits: u64) {
        self.hits.fetch_add(hits, Relaxed);
    }

    /// Counts what is read.
    pub(crate) fn counted<R: Read>(&self, reader: R) -> CountedText<'_, R> {
        CountedText { reader, progress: self }
    }

    /// Counts what is read as bytes of a file.
    pub(crate) fn counted_size<R: Read>(&self, reader: R) -> CountedSize<R> {
        CountedSize { reader, done: Arc::clone(&self.size_done) }
    }

    /// Does the work, and where `wanted` shows how far it is.
    pub(crate) fn watch<T>(&self, wanted: bool, work: impl FnOnce() -> T) -> T {
        if !wanted {
            return work();
        }
        // The channel carries nothing: it is closed when the work is done.
        let (running, done) = mpsc::channel();
        thread::scope(|scope| {
            let show = move || self.show(&done);
            // Without a thread to spare there is no bar.
            let _ = thread::Builder::new().spawn_scoped(scope, show);
            let outcome = work();
            drop(running);
            outcome
        })
    }

    fn show(&self, done: &Receiver<()>) {
        let started = Instant::now();
        let waits = |time| done.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
        if !waits(PATIENCE) {
            return;
        }
        let size = Some(self.size.load(Relaxed));
        let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr())
            .with_position(self.size_done.load(Relaxed));
        loop {
            bar.set_style(style(if self.files.load(Relaxed) > 1 { BAR } else { SPINNER }));
            bar.set_message(self.line(started.elapsed()));
            bar.set_length(self.size.load(Relaxed));
            bar.set_position(self.size_done.load(Relaxed));
            if !waits(PERIOD) {
                break;
            }
        }
        bar.finish_and_clear();
    }

    fn line(&self, elapsed: Duration) -> String {
        let text = self.text.load(Relaxed);
        let rate = text as f64 / elapsed.as_secs_f64();
        format!(
            "{} of {}, {}, {}/s, {}",
            count(self.files_done.load(Relaxed)),
            counted(self.files.load(Relaxed), "log"),
            bytes(text),
            bytes(rate as u64),
            counted(self.hits.load(Relaxed), "hit"),
        )
    }
}

/// Several logs: the bar is as long as their sizes on disk.
const BAR: &str = "{spinner} [{bar:24}] {wide_msg}";
/// One log, of which only the end tells how much text it holds.
const SPINNER: &str = "{spinner} {wide_msg}";

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// Whether someone looks at standard error who did not ask to be spared, on a terminal that can draw
/// over a line.
pub(crate) fn is_wanted(spared: bool) -> bool {
    let draws = env::var_os("TERM").is_none_or(|name| name != "dumb");
    !spared && draws && io::stderr().is_terminal()
}

impl<R: Read> Read for CountedText<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.progress.text(read);
        Ok(read)
    }
}

impl<R: Read> Read for CountedSize<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.done.fetch_add(read as u64, Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_what_was_counted() {
        let progress = Progress::default();
        (0..3).for_each(|_| progress.file(10));
        progress.file_done(10);
        let read = io::copy(&mut progress.counted(&[0; 3_000][..]), &mut io::sink());
        assert_eq!(read.unwrap(), 3_000);
        progress.text(5_000_000);
        progress.hits(1);
        let line = progress.line(Duration::from_millis(500));
        assert_eq!(line, "1 of 3 logs, 5.0 MB, 10.0 MB/s, 1 hit");
    }

    #[test]
    fn templates_are_valid() {
        for template in [BAR, SPINNER] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn the_work_is_done_either_way() {
        let started = Instant::now();
        assert_eq!(Progress::default().watch(true, || 1), 1);
        assert_eq!(Progress::default().watch(false, || 2), 2);
        assert!(started.elapsed() < PATIENCE, "who is done at once does not wait for the bar");
    }
}
