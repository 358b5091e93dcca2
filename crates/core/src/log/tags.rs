//! Tags of a log file, from one table that the user can extend.

use std::fmt;

use regex::Regex;

/// The suffixes of compressed files.
const SUFFIXES: [&str; 6] = [".gz", ".zst", ".xz", ".bz2", ".zstd", ".bzip2"];

/// A file's name without the suffix of its compression: what fingerprints know it by.
///
/// # Example
///
/// ```
/// use recheck_core::log::log_name;
/// assert_eq!(log_name("logs/screen-n-cpu.txt.gz"), "logs/screen-n-cpu.txt");
/// assert_eq!(log_name("job-output.txt"), "job-output.txt");
/// ```
pub fn log_name(path: &str) -> &str {
    let stripped = SUFFIXES.iter().find_map(|suffix| path.strip_suffix(suffix));
    stripped.filter(|name| !name.is_empty() && !name.ends_with('/')).unwrap_or(path)
}

/// The rules of our own: which files get which tags besides their own name. The names are those
/// that OpenStack's jobs and elastic-recheck's fingerprints use, and a few of other CIs.
const BUILT_IN: [(&str, &[&str]); 12] = [
    ("job-output.txt", &["console"]),
    ("console.html", &["console"]),
    ("console.txt", &["console"]),
    ("console.log", &["console"]),
    ("consoleText", &["console"]),
    ("build-log.txt", &["console"]),
    ("screen-*.txt", &["screen", "oslofmt"]),
    ("syslog", &["syslog"]),
    ("syslog.{txt,log}", &["syslog"]),
    ("postci.{txt,log}", &["postci"]),
    ("{*_error,*-error,error}.{txt,log}", &["apacheerror"]),
    ("error_log", &["apacheerror"]),
];

/// A rule whose glob is none.
#[derive(Debug, thiserror::Error)]
#[error("the file pattern {glob:?} is no glob: {reason}")]
pub struct TagRuleError {
    /// The pattern as it was given.
    pub glob: String,
    /// What is wrong with it, and the cure.
    pub reason: &'static str,
}

/// Which tags a log file gets. Every file has its own base name as a tag
/// (`screen-n-cpu.txt`); rules add others.
///
/// # Example
///
/// ```
/// use recheck_core::log::TagTable;
/// let table = TagTable::default().with_rules([("logs/**/*.journal", ["journal"])]).unwrap();
/// assert_eq!(table.tags("job-output.txt.gz"), ["job-output.txt", "console"]);
/// assert_eq!(table.tags("logs/a/b.journal"), ["b.journal", "journal"]);
/// ```
#[derive(Clone, Debug)]
pub struct TagTable {
    rules: Vec<Rule>,
}

#[derive(Clone)]
struct Rule {
    glob: Glob,
    tags: Vec<String>,
}

/// A pattern of log names. One without a slash is held against the base name, one with a slash
/// against the whole name; `*` and `?` do not match a slash, `**` does, and `{a,b}` is either.
///
/// # Example
///
/// ```
/// use recheck_core::log::Glob;
/// let glob = Glob::new("logs/**/*.{txt,log}").unwrap();
/// assert!(glob.matches("logs/a/b/c.txt.gz"), "the suffix of a compression does not count");
/// assert!(!glob.matches("other/c.txt"));
/// ```
#[derive(Clone)]
pub struct Glob {
    glob: String,
    matcher: Regex,
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} => {:?}", self.glob.glob, self.tags)
    }
}

impl Default for TagTable {
    /// The built-in rules.
    fn default() -> TagTable {
        let rule = |&(glob, tags): &(&str, &[&str])| {
            Rule::new(glob, tags).expect("the built-in globs are tested")
        };
        TagTable { rules: BUILT_IN.iter().map(rule).collect() }
    }
}

impl TagTable {
    /// A table without rules: files have nothing but their names.
    pub fn empty() -> TagTable {
        TagTable { rules: Vec::new() }
    }

    /// Adds rules behind those that are there; their patterns are [`Glob`]s.
    ///
    /// # Errors
    ///
    /// The first glob that is none.
    pub fn with_rules<G, T>(
        mut self,
        rules: impl IntoIterator<Item = (G, T)>,
    ) -> Result<TagTable, TagRuleError>
    where
        G: AsRef<str>,
        T: IntoIterator<Item: AsRef<str>>,
    {
        for (glob, tags) in rules {
            let tags: Vec<T::Item> = tags.into_iter().collect();
            self.rules.push(Rule::new(glob.as_ref(), &tags)?);
        }
        Ok(self)
    }

    /// The tags of the file with this name, which is relative to the run's root, with or without
    /// the suffix of a compression.
    pub fn tags(&self, name: &str) -> Vec<String> {
        let name = log_name(name);
        let base = name.rsplit('/').next().unwrap_or(name);
        let mut tags = vec![base.to_owned()];
        for rule in self.rules.iter().filter(|rule| rule.glob.matches(name)) {
            for tag in &rule.tags {
                if !tags.contains(tag) {
                    tags.push(tag.clone());
                }
            }
        }
        tags
    }
}

impl Rule {
    fn new(glob: &str, tags: &[impl AsRef<str>]) -> Result<Rule, TagRuleError> {
        let tags = tags.iter().map(|tag| tag.as_ref().to_owned()).collect();
        Ok(Rule { glob: Glob::new(glob)?, tags })
    }
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn new(glob: &str) -> Result<Glob, TagRuleError> {
        let error = |reason| TagRuleError { glob: glob.to_owned(), reason };
        let pattern = translate(glob).map_err(error)?;
        let matcher = Regex::new(&pattern).map_err(|_| error("it is too long"))?;
        Ok(Glob { glob: glob.to_owned(), matcher })
    }

    /// Whether the file with this name is meant. The name is relative to the run's root, with or
    /// without the suffix of a compression.
    pub fn matches(&self, name: &str) -> bool {
        let name = log_name(name);
        let base = name.rsplit('/').next().unwrap_or(name);
        self.matcher.is_match(if self.glob.contains('/') { name } else { base })
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Glob").field(&self.glob).finish()
    }
}

/// The regular expression for a glob.
fn translate(glob: &str) -> Result<String, &'static str> {
    if glob.is_empty() {
        return Err("it is empty");
    }
    let mut pattern = "(?s)^".to_owned();
    let (mut rest, mut open) = (glob, false);
    while let Some(next) = rest.chars().next() {
        let (taken, regex) = match next {
            // Also no directory at all.
            '*' if rest.starts_with("**/") => (3, "(?:.*/)?".to_owned()),
            '*' if rest.starts_with("**") => (2, ".*".to_owned()),
            '*' => (1, "[^/]*".to_owned()),
            '?' => (1, "[^/]".to_owned()),
            '{' if open => return Err("its braces are nested; write the alternatives out"),
            '{' => (1, "(?:".to_owned()),
            '}' if open => (1, ")".to_owned()),
            ',' if open => (1, "|".to_owned()),
            _ => (next.len_utf8(), regex::escape(next.encode_utf8(&mut [0; 4]))),
        };
        open = (open || next == '{') && next != '}';
        pattern.push_str(&regex);
        rest = &rest[taken..];
    }
    if open { Err("a brace is not closed; add '}'") } else { Ok(pattern + "$") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suffix_of_a_compression_goes() {
        assert_eq!(log_name("a/b.log.xz"), "a/b.log");
        assert_eq!(log_name("a.tar.gz"), "a.tar");
        assert_eq!(log_name(".gz"), ".gz");
        assert_eq!(log_name("a/.gz"), "a/.gz");
    }

    #[test]
    fn built_in_rules() {
        let table = TagTable::default();
        assert_eq!(table.tags("job-output.txt"), ["job-output.txt", "console"]);
        assert_eq!(table.tags("a/console.html.gz"), ["console.html", "console"]);
        assert_eq!(
            table.tags("logs/screen-n-cpu.txt.gz"),
            ["screen-n-cpu.txt", "screen", "oslofmt"]
        );
        assert_eq!(table.tags("logs/syslog.txt"), ["syslog.txt", "syslog"]);
        assert_eq!(table.tags("syslog"), ["syslog"]);
        assert_eq!(table.tags("horizon_error.txt"), ["horizon_error.txt", "apacheerror"]);
        assert_eq!(table.tags("tempest.txt"), ["tempest.txt"]);
        assert_eq!(TagTable::empty().tags("job-output.txt"), ["job-output.txt"]);
    }

    #[test]
    fn globs() {
        #[track_caller]
        fn check(glob: &str, name: &str, matches: bool) {
            let table = TagTable::empty().with_rules([(glob, ["hit"])]).unwrap();
            assert_eq!(table.tags(name).len() == 2, matches, "{glob} {name}");
        }
        check("*.log", "a/b.log", true);
        check("*.log", "b.logs", false);
        check("a/*.log", "a/b.log", true);
        check("a/*.log", "a/b/c.log", false);
        check("a/**/c.log", "a/b/d/c.log", true);
        check("a/**/c.log", "a/c.log", true);
        check("a/**", "a/b/c", true);
        check("**/x", "x", true);
        check("?.{log,txt}", "ä.txt", true);
        check("?.{log,txt}", "ab.txt", false);
        check("[a].log", "a.log", false);
        check("a}b,c", "a}b,c", true);
    }

    #[test]
    fn broken_globs_are_told() {
        for glob in ["", "{a", "{a{b}}"] {
            let error = TagTable::empty().with_rules([(glob, ["x"])]).unwrap_err();
            assert_eq!(error.glob, glob);
        }
    }
}
