//! `zuul-info/inventory.yaml`: the Ansible inventory of a run, with Zuul's own variables
//! (<https://zuul-ci.org/docs/zuul/latest/job-content.html#zuul-variables>) and, for each node,
//! where it came from.

use std::collections::BTreeMap;

use recheck_core::RunMeta;
use serde::Deserialize;

use crate::remote::services::facts::{Word, set, set_voting};

/// The names it has in a run's logs, the usual one first.
pub(super) const NAMES: [&str; 2] = ["zuul-info/inventory.yaml", "zuul-info.yaml"];

#[derive(Debug, Deserialize)]
struct Inventory {
    all: All,
}

#[derive(Debug, Deserialize)]
struct All {
    #[serde(default)]
    hosts: Option<BTreeMap<String, Host>>,
    vars: Vars,
}

#[derive(Debug, Deserialize)]
struct Host {
    nodepool: Option<Nodepool>,
}

#[derive(Debug, Deserialize)]
struct Nodepool {
    provider: Option<String>,
    cloud: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Vars {
    zuul: Zuul,
}

#[derive(Debug, Deserialize)]
struct Zuul {
    build: Option<String>,
    buildset: Option<String>,
    branch: Option<Word>,
    change: Option<Word>,
    patchset: Option<Word>,
    commit_id: Option<Word>,
    newrev: Option<Word>,
    job: Option<String>,
    pipeline: Option<String>,
    project: Option<Project>,
    #[serde(rename = "ref")]
    reference: Option<String>,
    voting: Option<bool>,
    attempts: Option<Word>,
}

#[derive(Debug, Deserialize)]
struct Project {
    name: Option<String>,
}

/// Adds what the inventory knows and the run does not yet.
///
/// # Errors
///
/// Why the text is no inventory of a run.
pub(super) fn describe(text: &str, meta: &mut RunMeta) -> Result<(), String> {
    let inventory: Inventory =
        serde_saphyr::from_str(text).map_err(|error| first_line(&error.to_string()))?;
    let zuul = inventory.all.vars.zuul;
    let word = |word: &Option<Word>| word.as_ref().map(|word| word.0.clone());
    let sha = word(&zuul.newrev).or_else(|| word(&zuul.commit_id));
    for (key, value) in [
        ("build_uuid", zuul.build.clone()),
        ("build_set", zuul.buildset),
        ("build_name", zuul.job),
        ("build_queue", zuul.pipeline),
        ("build_branch", word(&zuul.branch)),
        ("build_change", word(&zuul.change)),
        ("change", word(&zuul.change)),
        ("build_patchset", word(&zuul.patchset)),
        ("patchset", word(&zuul.patchset)),
        ("build_ref", zuul.reference),
        ("build_newrev", word(&zuul.newrev)),
        ("sha", sha),
        ("project", zuul.project.and_then(|project| project.name)),
        ("attempt", word(&zuul.attempts)),
    ] {
        if meta.get(key).is_none() {
            set(meta, key, value);
        }
    }
    if meta.get("voting").is_none() {
        set_voting(meta, zuul.voting);
    }
    describe_nodes(inventory.all.hosts.unwrap_or_default(), meta);
    Ok(())
}

/// The names of the run's nodes, and of the providers they came from, each once.
fn describe_nodes(hosts: BTreeMap<String, Host>, meta: &mut RunMeta) {
    let mut providers = Vec::new();
    for (name, host) in hosts {
        meta.push("build_node", &name);
        let from = host.nodepool.and_then(|nodepool| nodepool.provider.or(nodepool.cloud));
        if let Some(provider) = from.filter(|provider| !providers.contains(provider)) {
            meta.push("node_provider", &provider);
            providers.push(provider);
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use recheck_core::FieldValues;

    /// Written by Zuul's executor: `!unsafe` marks what Ansible must not evaluate.
    const INVENTORY: &str = r"
all:
  hosts:
    controller:
      ansible_host: 192.0.2.7
      nodepool: {az: null, cloud: rax, label: noble, provider: rax-dfw, region: DFW}
    compute:
      nodepool: {cloud: rax, provider: rax-dfw}
  vars:
    devstack_localrc: {PASSWORD: secret}
    zuul:
      _inheritance_path: ['<Job base>']
      attempts: 2
      branch: master
      build: e6b53cb586834822b28d6577b97a4f1e
      buildset: c6f268c2c42b445d9a914c9bfa360f11
      change: '810123'
      change_message: !unsafe |-
        Fix: {{ it }}
      commit_id: 90164c47be167acbb4e7c05deddb72e89c321f9d
      job: unit
      message: !unsafe Rml4
      patchset: '3'
      pipeline: gate
      project: {name: openstack/nova, short_name: nova}
      ref: refs/changes/23/810123/3
      tenant: openstack
      voting: true
";

    #[test]
    fn a_run_described_by_its_inventory() {
        let mut meta = RunMeta::new();
        meta.set("build_queue", "check");
        describe(INVENTORY, &mut meta).unwrap();
        for (key, value) in [
            ("build_queue", "check"),
            ("build_name", "unit"),
            ("attempt", "2"),
            ("change", "810123"),
            ("patchset", "3"),
            ("project", "openstack/nova"),
            ("voting", "1"),
            ("sha", "90164c47be167acbb4e7c05deddb72e89c321f9d"),
            ("node_provider", "rax-dfw"),
        ] {
            assert_eq!(meta.get(key), Some(value), "{key}");
        }
        let nodes: Vec<_> = meta.values("build_node").iter().collect();
        assert_eq!(nodes, ["compute", "controller"]);
        assert_eq!(meta.values("node_provider").iter().count(), 1);
    }

    #[test]
    fn what_is_no_inventory_is_told() {
        for text in ["", "all: []", "a: b: c", "<html>"] {
            let mut meta = RunMeta::new();
            assert!(!describe(text, &mut meta).unwrap_err().is_empty(), "{text}");
            assert_eq!(meta, RunMeta::new());
        }
    }
}
