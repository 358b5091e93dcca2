//! Keeps a JSON parser from holding more of a hostile file than a bound.

use std::io::{self, BufRead, Read};

/// Bytes that one string may have.
const MAX_STRING: usize = 32 << 20;

/// Lists and objects within one another.
const MAX_DEPTH: usize = 100;

/// A reader that fails at a string or a nesting that is too large. It knows of JSON only where
/// strings begin and end.
#[derive(Debug)]
pub(super) struct JsonBounds<R> {
    inner: R,
    string: Option<usize>,
    escaped: bool,
    depth: usize,
}

impl<R: BufRead> JsonBounds<R> {
    pub(super) fn new(inner: R) -> JsonBounds<R> {
        JsonBounds { inner, string: None, escaped: false, depth: 0 }
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.string {
                Some(length) => self.in_string(length, rest)?,
                None => self.outside(rest)?,
            };
        }
        Ok(())
    }

    fn in_string<'b>(&mut self, length: usize, bytes: &'b [u8]) -> io::Result<&'b [u8]> {
        if std::mem::take(&mut self.escaped) {
            self.string = Some(length + 1);
            return Ok(&bytes[1..]);
        }
        let at = memchr::memchr2(b'"', b'\\', bytes).unwrap_or(bytes.len());
        if length + at > MAX_STRING {
            return Err(io::Error::other("a text of more than 32 MiB; the rest is not read"));
        }
        self.string = Some(length + at);
        match bytes.get(at) {
            Some(b'"') => self.string = None,
            Some(_) => self.escaped = true,
            None => return Ok(&[]),
        }
        Ok(&bytes[at + 1..])
    }

    fn outside<'b>(&mut self, bytes: &'b [u8]) -> io::Result<&'b [u8]> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => {
                    self.string = Some(0);
                    return Ok(&bytes[at + 1..]);
                }
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth > MAX_DEPTH {
                return Err(io::Error::other("more than 100 lists and objects in one another"));
            }
        }
        Ok(&[])
    }
}

impl<R: BufRead> Read for JsonBounds<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.pass(&out[..read])?;
        Ok(read)
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
}
