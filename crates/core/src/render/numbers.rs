//! Counts and sizes for people.

/// A count with separators between groups of three digits.
///
/// ```
/// assert_eq!(recheck_core::render::count(1234567), "1,234,567");
/// assert_eq!(recheck_core::render::count(12), "12");
/// ```
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of bytes in decimal units.
///
/// ```
/// assert_eq!(recheck_core::render::bytes(999), "999 B");
/// assert_eq!(recheck_core::render::bytes(1_234_567), "1.2 MB");
/// assert_eq!(recheck_core::render::bytes(999_999), "1.0 MB");
/// ```
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    // 999.95 would be drawn as "1000.0".
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A count with its noun.
///
/// ```
/// assert_eq!(recheck_core::render::counted(1, "log"), "1 log");
/// assert_eq!(recheck_core::render::counted(2000, "log"), "2,000 logs");
/// ```
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}
