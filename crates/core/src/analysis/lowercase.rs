//! Lower-casing, one code point at a time.

/// Appends a token to `out` in lower case, as Lucene's `LowerCaseFilter` does on Java 25.
///
/// Each code point by itself becomes exactly one code point, by Java's `Character.toLowerCase(int)`
/// (Unicode 16). That differs from [`str::to_lowercase`]: `İ` (U+0130) is a plain `i`, a `Σ` at the
/// end of a word is still `σ`, and the capitals that Unicode 17 added stay as they are.
///
/// # Example
///
/// ```
/// let mut term = String::new();
/// recheck_core::lowercase_into("İΣ-\u{212A}", &mut term);
/// assert_eq!(term, "iσ-k");
/// ```
pub fn lowercase_into(token: &str, out: &mut String) {
    if token.is_ascii() {
        let start = out.len();
        out.push_str(token);
        out[start..].make_ascii_lowercase();
    } else {
        out.extend(token.chars().map(lowercase));
    }
}

fn lowercase(c: char) -> char {
    match c {
        // The simple mapping; Rust has the full one, with a combining dot.
        '\u{130}' => 'i',
        // Capitals of Unicode 17.
        '\u{A7CE}' | '\u{A7D2}' | '\u{A7D4}' | '\u{16EA0}'..='\u{16EB8}' => c,
        _ => c.to_lowercase().next().unwrap_or(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lowered(text: &str) -> String {
        let mut out = String::from("kept ");
        lowercase_into(text, &mut out);
        out.split_off("kept ".len())
    }

    #[test]
    fn each_code_point_by_itself() {
        assert_eq!(lowered("DETAILS.Fatal_9"), "details.fatal_9");
        assert_eq!(lowered("İSTANBUL"), "istanbul");
        assert_eq!(lowered("\u{212A}elvin \u{212B}"), "kelvin å");
        assert_eq!(lowered("ΟΔΟΣ"), "οδοσ");
        assert_eq!(lowered("Straße ẞ"), "straße ß");
        assert_eq!(lowered("ǅ \u{10400} \u{A7CB}"), "ǆ \u{10428} \u{264}");
    }

    /// Pins the whole mapping, so that a newer Unicode in the standard library is noticed: the count
    /// and the digest are those of Java 25's `Character.toLowerCase` over all code points.
    #[test]
    fn the_whole_mapping_is_java_25s() {
        let mut digest = 0xCBF2_9CE4_8422_2325_u64;
        let mut changed = 0;
        for c in '\0'..=char::MAX {
            let lower = lowercase(c);
            if lower != c {
                changed += 1;
                for half in [c as u64, lower as u64] {
                    digest = (digest ^ half).wrapping_mul(0x100_0000_01B3);
                }
            }
        }
        assert_eq!((changed, format!("{digest:016x}")), (CHANGED, DIGEST.to_owned()));
    }

    const CHANGED: u32 = 1460;
    const DIGEST: &str = "bc43104b7ad84350";
}
