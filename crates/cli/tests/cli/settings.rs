//! The settings file and the variables.

use crate::util::Dir;

#[test]
fn the_tracker_gives_links_and_tags_select() {
    let dir = Dir::new();
    dir.write("sub/queries/17.yaml", "query: message:boom AND tags:mine\n");
    let settings = "tracker = 'https://bugs.example.org/{id}'\n[[tags]]\nglob = '*.special'\ntags = ['mine']\n";
    dir.write("recheck.toml", settings);
    dir.write("sub/x.special", "boom\n");
    dir.write("sub/x.other", "boom\n");
    let args = |name| ["classify", name, "-f", "sub/queries"];
    let outcome = dir.recheck(&args("sub/x.special"));
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.out.contains("https://bugs.example.org/17"), "{}", outcome.out);
    assert_eq!(dir.recheck(&args("sub/x.other")).code, 1);
}

#[test]
fn mistakes_in_the_file_are_told_with_their_place() {
    let dir = Dir::with_disk();
    dir.write("recheck.toml", "profile = 'lines'\ntracer = 'x'\n");
    let outcome = dir.recheck_with(&["classify", "-"], b"x\n");
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!("settings_error", outcome.err);
    dir.write("recheck.toml", "tracker = 'https://bugs.example.org/'\n");
    let outcome = dir.recheck_with(&["classify", "-"], b"x\n");
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("{id}"), "{}", outcome.err);
}

#[test]
fn flags_win_over_variables_over_files() {
    let dir = Dir::new();
    dir.write("queries/both.yaml", "query: message:Traceback AND message:KeyError\n");
    dir.write(
        "x.log",
        "Traceback (most recent call last):\n  File \"a.py\", line 1\nKeyError: 1\n",
    );
    dir.write("config/recheck/recheck.toml", "profile = 'lines'\n");
    let code = |args: &[&str], variables: &[(&str, &str)]| {
        dir.run(&[&["classify", "x.log"], args].concat(), b"", variables).code
    };
    assert_eq!(code(&[], &[]), 1);
    assert_eq!(code(&[], &[("RECHECK_PROFILE", "records")]), 0);
    assert_eq!(code(&["--profile", "lines"], &[("RECHECK_PROFILE", "records")]), 1);
    dir.write("recheck.toml", "profile = 'records'\n");
    assert_eq!(code(&[], &[]), 0);
    dir.write("other.toml", "profile = 'lines'\n");
    assert_eq!(code(&[], &[("RECHECK_CONFIG", "other.toml")]), 1);
}

#[test]
fn a_zone_moves_times_that_name_none() {
    let dir = Dir::with_disk();
    dir.write("x.log", "2022-02-28 09:44:58.000000 | node | No space left on device\n");
    let args = ["classify", "x.log", "--format", "json", "--timezone"];
    let outcome = dir.recheck(&[&args[..], &["+02:00"]].concat());
    assert!(outcome.out.contains("2022-02-28T07:44:58.000Z"), "{}", outcome.out);
    assert_eq!(dir.recheck(&[&args[..], &["Mars/Base"]].concat()).code, 2);
}
