//! Whatever parses prints to a text that parses to the same tree, and printing that again changes
//! nothing. Whatever does not parse says where, inside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recheck_core::Query;

fuzz_target!(|text: &str| {
    match Query::parse(text) {
        Ok(query) => {
            let printed = query.to_string();
            // The normal form may be longer than what was typed, and so over the length limit.
            if printed.encode_utf16().count() > Query::MAX_LENGTH {
                return;
            }
            let again = Query::parse(&printed)
                .unwrap_or_else(|errors| panic!("{text:?} prints as {printed:?}: {errors:?}"));
            assert_eq!(query, again, "{text:?} prints as {printed:?}");
            assert_eq!(printed, again.to_string());
        }
        Err(errors) => {
            for error in errors.errors() {
                assert!(error.span.range().end <= text.len(), "{text:?}: {error:?}");
                assert!(text.get(error.span.range()).is_some(), "{text:?}: {error:?}");
            }
        }
    }
});
