use recheck_core::log::Glob;

use super::source::Source;

/// Which logs of a directory, listing or archive are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    include: Vec<Glob>,
    exclude: Vec<Glob>,
}

impl Filter {
    pub(crate) fn new(include: &[Glob], exclude: &[Glob]) -> Filter {
        Filter { include: include.to_vec(), exclude: exclude.to_vec() }
    }

    /// Whether everything is read.
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether the log with this name is read.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let is_included = self.include.is_empty() || any(&self.include, name);
        is_included && !any(&self.exclude, name)
    }

    /// Whether a file is read: an archive also where only its entries may be meant.
    pub(crate) fn wants_file(&self, source: &Source) -> bool {
        match source.looks_packed() {
            true => !any(&self.exclude, source.name()),
            false => self.wants(source.name()),
        }
    }
}

fn any(globs: &[Glob], name: &str) -> bool {
    globs.iter().any(|glob| glob.matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_excluded_is_not_included() {
        let globs = |list: &[&str]| list.iter().map(|glob| Glob::new(glob).unwrap()).collect();
        let (include, exclude): (Vec<_>, Vec<_>) = (globs(&["*.txt"]), globs(&["old/**"]));
        let filter = Filter::new(&include, &exclude);
        assert!(filter.wants("a/b.txt"));
        assert!(!filter.wants("a/b.log") && !filter.wants("old/b.txt"));
        assert!(Filter::default().wants("x"));
        assert!(
            Filter::new(&[], &exclude).wants("a") && !Filter::new(&[], &exclude).wants("old/a")
        );
    }
}
