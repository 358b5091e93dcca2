//! Keeps a JSON parser from holding more of a hostile file than a bound.

use std::io::{self, BufRead, Read};

/// Bytes that one string may have.
const MAX_STRING: usize = 32 << 20;

/// Lists and objects within one another.
const MAX_DEPTH: usize = 100;

/// A reader that fails at a string or a nesting that is too large, behind all bytes before that place.
/// It knows of JSON only where strings begin and end.
#[derive(Debug)]
pub(super) struct JsonBounds<R> {
    inner: R,
    string: Option<usize>,
    escaped: bool,
    depth: usize,
    /// What is too large, once something is.
    exceeded: Option<&'static str>,
}

impl<R: BufRead> JsonBounds<R> {
    pub(super) fn new(inner: R) -> JsonBounds<R> {
        JsonBounds { inner, string: None, escaped: false, depth: 0, exceeded: None }
    }

    /// How many of these bytes are within the bounds.
    fn within(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && self.exceeded.is_none() {
            at += match self.string {
                Some(length) => self.in_string(length, &bytes[at..]),
                None => self.outside(&bytes[at..]),
            };
        }
        at
    }

    fn in_string(&mut self, length: usize, bytes: &[u8]) -> usize {
        let mut taken = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        if std::mem::take(&mut self.escaped) {
            taken = 1;
        } else if taken < bytes.len() && length + taken < MAX_STRING {
            self.escaped = bytes[taken] == b'\\';
            taken += 1;
            if !self.escaped {
                self.string = None;
                return taken;
            }
        }
        if length + taken >= MAX_STRING {
            self.exceeded = Some("a text of more than 32 MiB; the rest is not read");
            return MAX_STRING - length;
        }
        self.string = Some(length + taken);
        taken
    }

    fn outside(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.string = Some(0);
                    return at + 1;
                }
                b'[' | b'{' if self.depth == MAX_DEPTH => {
                    self.exceeded = Some("more than 100 lists and objects in one another");
                    return at;
                }
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        bytes.len()
    }
}

impl<R: BufRead> Read for JsonBounds<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.exceeded.is_none() {
            let read = self.inner.read(out)?;
            let within = self.within(&out[..read]);
            if within > 0 || read == 0 {
                return Ok(within);
            }
        }
        Err(io::Error::other(self.exceeded.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(text: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        // One byte at a time: borders between pieces must not matter.
        let inner = io::BufReader::with_capacity(1, text);
        JsonBounds::new(inner).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn what_is_within_bounds_passes() {
        let text = br#"[{"a\"[{": "\\", "b": ["]"]}, "\u005b"]"#;
        assert_eq!(pass(text).unwrap(), text);
        let brackets = format!("[\"{}\"]", "[".repeat(1000));
        assert_eq!(pass(brackets.as_bytes()).unwrap(), brackets.as_bytes());
    }

    #[test]
    fn what_is_not_fails() {
        assert!(pass("[".repeat(101).as_bytes()).is_err());
        assert!(pass("[]".repeat(1000).as_bytes()).is_ok());
        let long = [b"\"".to_vec(), vec![b'x'; MAX_STRING + 2]].concat();
        let mut reader = JsonBounds::new(&long[..]);
        assert!(io::copy(&mut reader, &mut io::sink()).is_err());
    }

    #[test]
    fn what_stands_before_the_place_is_given() {
        let deep = [b"[1]".to_vec(), vec![b'['; 200]].concat();
        let long = [b"[\"\\\"".to_vec(), vec![b'x'; MAX_STRING]].concat();
        for size in [1, 7, 4096] {
            let mut out = Vec::new();
            let inner = io::BufReader::with_capacity(size, &deep[..]);
            assert!(JsonBounds::new(inner).read_to_end(&mut out).is_err());
            assert_eq!(out, deep[..103]);
            out.clear();
            let inner = io::BufReader::with_capacity(size.max(1 << 16), &long[..]);
            assert!(JsonBounds::new(inner).read_to_end(&mut out).is_err());
            assert_eq!(out.len(), MAX_STRING + 2);
        }
    }
}
