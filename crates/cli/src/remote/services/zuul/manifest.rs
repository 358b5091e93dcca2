//! `zuul-manifest.json`: which files a run's logs are, as the role `generate-zuul-manifest` of
//! zuul-jobs writes it. <https://zuul-ci.org/docs/zuul-jobs/latest/log-roles.html>

use reqwest::Url;
use serde::Deserialize;

use crate::remote::{
    run::RemoteFile,
    services::path::{below, is_name},
};

/// The deepest directories that are taken.
const MAX_DEPTH: usize = 32;

/// The manifest of a run's logs.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    tree: Vec<Node>,
}

/// A file or a directory, named as on disk.
#[derive(Debug, Deserialize)]
struct Node {
    name: String,
    size: Option<u64>,
    /// Only directories have some.
    children: Option<Vec<Node>>,
}

/// What a manifest gave.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) files: Vec<RemoteFile>,
    /// Names that can't be those of files below the root, or lie too deep.
    pub(super) refused: Vec<String>,
    /// There were more than were asked for.
    pub(super) too_many: bool,
}

impl Manifest {
    /// The files below `root`, at most `limit`. The names come from a job: none of them leads out
    /// of it.
    pub(super) fn files(&self, root: &Url, limit: usize) -> Files {
        let mut found = Files::default();
        Walk { root, limit, above: Vec::new(), found: &mut found }.take(&self.tree);
        found
    }
}

/// A walk through a tree.
struct Walk<'n> {
    root: &'n Url,
    limit: usize,
    /// The names of the directories round the place.
    above: Vec<&'n str>,
    found: &'n mut Files,
}

impl<'n> Walk<'n> {
    fn take(&mut self, nodes: &'n [Node]) {
        for node in nodes {
            if self.found.files.len() == self.limit {
                self.found.too_many = true;
                return;
            }
            self.above.push(&node.name);
            if !is_name(&node.name) || self.above.len() > MAX_DEPTH {
                self.found.refused.push(self.above.join("/"));
            } else if let Some(children) = &node.children {
                self.take(children);
            } else {
                let url = below(self.root, self.above.iter().copied());
                let name = self.above.join("/");
                self.found.files.push(RemoteFile { name, url, size: node.size });
            }
            self.above.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 100;

    fn files(json: &str) -> Files {
        let manifest: Manifest = serde_json::from_str(json).unwrap();
        manifest.files(&Url::parse("https://logs.example.org/e6b/").unwrap(), LIMIT)
    }

    #[test]
    fn a_tree_of_files() {
        let found = files(
            r#"{"index_links": false, "tree": [
                {"name": "zuul-info", "mimetype": "application/directory", "encoding": null,
                 "children": [{"name": "inventory.yaml", "mimetype": "text/plain", "size": 9}]},
                {"name": "a b#1%.log.gz", "mimetype": "text/plain", "encoding": "gzip"}]}"#,
        );
        assert!(found.refused.is_empty() && !found.too_many);
        let [inventory, log] = &found.files[..] else { panic!("{found:?}") };
        assert_eq!(inventory.name, "zuul-info/inventory.yaml");
        assert_eq!(inventory.url.as_str(), "https://logs.example.org/e6b/zuul-info/inventory.yaml");
        assert_eq!(inventory.size, Some(9));
        assert_eq!(log.url.as_str(), "https://logs.example.org/e6b/a%20b%231%25.log.gz");
    }

    #[test]
    fn names_do_not_lead_out() {
        let found = files(
            r#"{"tree": [{"name": ".."}, {"name": "a/../../b"}, {"name": ""}, {"name": "a\\b"},
                {"name": "..", "children": [{"name": "passwd"}]}, {"name": "%2e%2e"}]}"#,
        );
        assert_eq!(found.refused, ["..", "a/../../b", "", "a\\b", ".."]);
        assert_eq!(found.files[0].url.as_str(), "https://logs.example.org/e6b/%252e%252e");
    }

    #[test]
    fn a_tree_has_an_end() {
        let many: Vec<_> = (0..=LIMIT).map(|at| format!(r#"{{"name": "{at}"}}"#)).collect();
        let found = files(&format!(r#"{{"tree": [{}]}}"#, many.join(",")));
        assert!(found.too_many && found.files.len() == LIMIT);
        let open = r#"{"name": "d", "children": ["#.repeat(MAX_DEPTH);
        let deep = format!(r#"{{"tree": [{open}{{"name": "f"}}{}]}}"#, "]}".repeat(MAX_DEPTH));
        let found = files(&deep);
        assert!(found.files.is_empty() && found.refused.len() == 1);
    }
}
