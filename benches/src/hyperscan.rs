//! Hyperscan in the same process: the few functions of its C interface that block scanning needs.

#![expect(unsafe_code, reason = "a C library is called")]

use std::{
    ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void},
    ptr::{null, null_mut},
};

use crate::{Result, contender::Contender};

const SUCCESS: c_int = 0;
const FLAG_CASELESS: c_uint = 1;
const MODE_BLOCK: c_uint = 1;

#[repr(C)]
struct CompileError {
    message: *const c_char,
    expression: c_int,
}

type OnMatch = extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;

#[link(name = "hs")]
unsafe extern "C" {
    fn hs_compile_multi(
        expressions: *const *const c_char,
        flags: *const c_uint,
        ids: *const c_uint,
        elements: c_uint,
        mode: c_uint,
        platform: *const c_void,
        database: *mut *mut c_void,
        error: *mut *mut CompileError,
    ) -> c_int;
    fn hs_compile_lit_multi(
        expressions: *const *const c_char,
        flags: *const c_uint,
        ids: *const c_uint,
        lengths: *const usize,
        elements: c_uint,
        mode: c_uint,
        platform: *const c_void,
        database: *mut *mut c_void,
        error: *mut *mut CompileError,
    ) -> c_int;
    fn hs_free_compile_error(error: *mut CompileError) -> c_int;
    fn hs_alloc_scratch(database: *const c_void, scratch: *mut *mut c_void) -> c_int;
    fn hs_free_scratch(scratch: *mut c_void) -> c_int;
    fn hs_free_database(database: *mut c_void) -> c_int;
    fn hs_scan(
        database: *const c_void,
        data: *const c_char,
        length: c_uint,
        flags: c_uint,
        scratch: *mut c_void,
        on_match: OnMatch,
        context: *mut c_void,
    ) -> c_int;
}

/// Whether the patterns are plain texts or regular expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patterns {
    /// Each pattern means itself, byte for byte.
    Literals,
    /// PCRE syntax.
    Regexes,
}

/// A compiled set of caseless patterns with its scratch space.
#[derive(Debug)]
pub struct Hyperscan {
    name: String,
    database: *mut c_void,
    scratch: *mut c_void,
}

impl Hyperscan {
    /// Compiles the patterns for scanning whole blocks, case ignored.
    pub fn new(name: &str, kind: Patterns, patterns: &[String]) -> Result<Hyperscan> {
        let texts = patterns.iter().map(|pattern| CString::new(pattern.as_str()));
        let texts: Vec<CString> = texts.collect::<std::result::Result<_, _>>()?;
        let pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let lengths: Vec<usize> = texts.iter().map(|text| text.as_bytes().len()).collect();
        let count = c_uint::try_from(patterns.len())?;
        let flags = vec![FLAG_CASELESS; patterns.len()];
        let ids: Vec<c_uint> = (0..count).collect();
        let (mut database, mut error) = (null_mut(), null_mut());
        // SAFETY: the four arrays have `count` elements and outlive the call; the texts end with a
        // NUL, and `lengths` has their lengths without it; the out pointers are valid.
        let code = unsafe {
            let (texts, flags, ids) = (pointers.as_ptr(), flags.as_ptr(), ids.as_ptr());
            let (database, error) = (&raw mut database, &raw mut error);
            match kind {
                Patterns::Regexes => {
                    hs_compile_multi(texts, flags, ids, count, MODE_BLOCK, null(), database, error)
                }
                Patterns::Literals => {
                    let lengths = lengths.as_ptr();
                    hs_compile_lit_multi(
                        texts,
                        flags,
                        ids,
                        lengths,
                        count,
                        MODE_BLOCK,
                        null(),
                        database,
                        error,
                    )
                }
            }
        };
        if code != SUCCESS {
            return Err(compile_error(error, patterns).into());
        }
        let mut hyperscan = Hyperscan { name: name.to_owned(), database, scratch: null_mut() };
        // SAFETY: the database was compiled above; a null scratch asks for a new one.
        let code = unsafe { hs_alloc_scratch(database, &raw mut hyperscan.scratch) };
        if code != SUCCESS {
            return Err(format!("hs_alloc_scratch: {code}").into());
        }
        Ok(hyperscan)
    }
}

fn compile_error(error: *mut CompileError, patterns: &[String]) -> String {
    if error.is_null() {
        return "Hyperscan does not compile the patterns".to_owned();
    }
    // SAFETY: after a failed compilation the pointer is to an error with a NUL-terminated message,
    // ours to free once.
    unsafe {
        let message = CStr::from_ptr((*error).message).to_string_lossy().into_owned();
        let pattern = usize::try_from((*error).expression).ok().and_then(|at| patterns.get(at));
        hs_free_compile_error(error);
        format!("Hyperscan: {message}: {pattern:?}")
    }
}

extern "C" fn count_match(
    _id: c_uint,
    _from: c_ulonglong,
    _to: c_ulonglong,
    _flags: c_uint,
    context: *mut c_void,
) -> c_int {
    // SAFETY: `run` gives a pointer to its counter, which outlives the scan.
    unsafe { *context.cast::<u64>() += 1 };
    0
}

impl Contender for Hyperscan {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, text: &[u8]) -> u64 {
        let mut matches = 0_u64;
        // A scan takes at most 4 GiB.
        for block in text.chunks(1 << 30) {
            // SAFETY: database and scratch belong together and to us alone; the block's length
            // fits; the context is a valid counter for the time of the call.
            let code = unsafe {
                hs_scan(
                    self.database,
                    block.as_ptr().cast(),
                    block.len() as c_uint,
                    0,
                    self.scratch,
                    count_match,
                    (&raw mut matches).cast(),
                )
            };
            assert_eq!(code, SUCCESS, "hs_scan");
        }
        matches
    }
}

impl Drop for Hyperscan {
    fn drop(&mut self) {
        // SAFETY: both were made by the library, are freed once, and null is allowed.
        unsafe {
            hs_free_scratch(self.scratch);
            hs_free_database(self.database);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_regexes_are_caseless_and_counted() {
        let texts = ["Disk (full)".to_owned(), "timeout".to_owned()];
        let mut literals = Hyperscan::new("literals", Patterns::Literals, &texts).unwrap();
        assert_eq!(literals.run(b"disk (FULL), Timeouts; disk full"), 2);
        let regexes = [r"\bdisk[^a-zA-Z0-9_]+full\b".to_owned(), r"\btimeout\b".to_owned()];
        let mut regexes = Hyperscan::new("regexes", Patterns::Regexes, &regexes).unwrap();
        assert_eq!(regexes.run(b"disk (FULL), Timeouts; disk full"), 2);
        assert!(Hyperscan::new("broken", Patterns::Regexes, &["(".to_owned()]).is_err());
    }
}
