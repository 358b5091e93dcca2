//! Temporary.
/// x
#[derive(Clone, Debug, Default)]
pub struct TagTable;
impl TagTable {
    /// x
    pub fn tags(&self, name: &str) -> Vec<String> {
        let mut t = vec![name.to_owned()];
        if name == "console.html" || name == "job-output.txt" {
            t.push("console".into())
        }
        t
    }
}
/// x
pub fn log_name(path: &str) -> &str {
    path
}
