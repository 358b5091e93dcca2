//! The path of a link, piece by piece.

use percent_encoding::percent_decode_str;
use reqwest::Url;

/// The pieces of a URL's path as they stand in it, encoded, without empty ones.
pub(super) fn pieces(url: &Url) -> Vec<&str> {
    url.path_segments().into_iter().flatten().filter(|piece| !piece.is_empty()).collect()
}

/// A piece decoded, where that gives text.
pub(super) fn decoded(piece: &str) -> Option<String> {
    percent_decode_str(piece).decode_utf8().ok().map(|text| text.into_owned())
}

/// The URL whose path is the first `count` pieces of this one's, as a directory; without query and
/// fragment. It is what a service's own paths hang below.
pub(super) fn root(url: &Url, count: usize) -> Url {
    let kept = pieces(url)[..count].join("/");
    let mut root = url.clone();
    root.set_query(None);
    root.set_fragment(None);
    root.set_path(&if kept.is_empty() { "/".to_owned() } else { format!("/{kept}/") });
    root
}

/// The URL of something below `root`. Each piece is encoded: none can leave its place, as `url`
/// drops pieces that are `.` or `..`.
pub(super) fn below<'p>(root: &Url, pieces: impl IntoIterator<Item = &'p str>) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(pieces);
    }
    url
}

/// The pieces of a name relative to a run's root, as a job or a service gave it; `None` where it
/// could lead out of there.
pub(super) fn name_pieces(name: &str) -> Option<Vec<&str>> {
    let pieces: Vec<_> = name.split('/').collect();
    pieces.iter().all(|piece| is_name(piece)).then_some(pieces)
}

/// True for what can be the name of a file.
pub(super) fn is_name(piece: &str) -> bool {
    !matches!(piece, "" | "." | "..") && !piece.contains(['/', '\\', '\0'])
}

/// A number as services count with it: digits, and few enough for a number.
pub(super) fn number(piece: &str) -> Option<u64> {
    piece.bytes().all(|byte| byte.is_ascii_digit()).then(|| piece.parse().ok()).flatten()
}

/// A string of hexadecimal digits of a length in this range.
pub(super) fn is_hex(piece: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_root_is_a_directory() {
        let link = url("https://ci.example.org/zuul//t/a%2Fb/build/1?x=1#l2");
        assert_eq!(pieces(&link), ["zuul", "t", "a%2Fb", "build", "1"]);
        assert_eq!(root(&link, 1).as_str(), "https://ci.example.org/zuul/");
        assert_eq!(root(&link, 0).as_str(), "https://ci.example.org/");
        assert_eq!(decoded("a%2Fb").as_deref(), Some("a/b"));
        assert_eq!(decoded("%FF"), None);
    }

    #[test]
    fn no_piece_leaves_its_place() {
        let root = url("https://ci.example.org/logs/");
        assert_eq!(
            below(&root, ["a b#c", "é"]).as_str(),
            "https://ci.example.org/logs/a%20b%23c/%C3%A9"
        );
        assert_eq!(
            below(&root, ["..", "x/../y"]).as_str(),
            "https://ci.example.org/logs/x%2F..%2Fy"
        );
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(name_pieces("a/b c.log"), Some(vec!["a", "b c.log"]));
        for name in ["", "/etc/passwd", "a/../b", "a//b", "a/.", "a\\b", "a\0"] {
            assert_eq!(name_pieces(name), None, "{name:?}");
        }
    }

    #[test]
    fn numbers_and_digests() {
        assert_eq!(number("123"), Some(123));
        assert_eq!((number("+1"), number("1a"), number("")), (None, None, None));
        assert_eq!(number("99999999999999999999999"), None);
        assert!(
            is_hex("abc1234", 7..=40) && !is_hex("abc123", 7..=40) && !is_hex("xyz1234", 7..=40)
        );
    }
}
