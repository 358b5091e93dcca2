//! Interleaved measuring: every contender once a round, so that what disturbs the machine disturbs
//! all of them, and ratios are taken within a round.

use std::{fmt, fs, process::Command, time::Duration};

use crate::Result;

/// One row of a table: what each round took.
#[derive(Clone, Debug)]
pub struct Row {
    /// The contender's name.
    pub name: String,
    /// Bytes of text it looked over, before compression.
    pub bytes: u64,
    /// What each round took.
    pub times: Vec<Duration>,
    /// What it found, in its own way of counting.
    pub found: String,
    /// The most memory it held at once, in bytes, where it is a process of its own.
    pub peak_rss: Option<u64>,
}

impl Row {
    /// A row without rounds yet.
    pub fn new(name: impl Into<String>, bytes: u64) -> Row {
        let (times, found) = (Vec::new(), String::new());
        Row { name: name.into(), bytes, times, found, peak_rss: None }
    }

    /// The fastest round.
    pub fn min(&self) -> Duration {
        self.times.iter().min().copied().unwrap_or_default()
    }

    /// The round in the middle.
    pub fn median(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    /// How many times as long as `other` this took per byte: the median over the rounds.
    pub fn ratio_to(&self, other: &Row) -> f64 {
        let per_byte = |row: &Row, time: &Duration| time.as_secs_f64() / row.bytes as f64;
        let rounds = self.times.iter().zip(&other.times);
        let mut ratios: Vec<f64> =
            rounds.map(|(mine, its)| per_byte(self, mine) / per_byte(other, its)).collect();
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

/// Rows measured together; ratios are to the first.
#[derive(Clone, Debug)]
pub struct Table {
    /// What was measured.
    pub title: String,
    /// One row per contender, ours first.
    pub rows: Vec<Row>,
}

impl Table {
    /// Runs the contenders in turns, `rounds` times after one round that does not count; `run` is
    /// given a row's place and returns its time, what it found and its peak memory.
    pub fn measure(
        title: &str,
        mut rows: Vec<Row>,
        rounds: usize,
        mut run: impl FnMut(usize) -> Result<Outcome>,
    ) -> Result<Table> {
        for round in 0..=rounds {
            for (index, row) in rows.iter_mut().enumerate() {
                let outcome = run(index)?;
                if round > 0 {
                    row.times.push(outcome.time);
                }
                row.found = outcome.found;
                row.peak_rss = row.peak_rss.max(outcome.peak_rss);
            }
        }
        Ok(Table { title: title.to_owned(), rows })
    }
}

/// What one run of one contender gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The time on the clock.
    pub time: Duration,
    /// What it found, in its own way of counting.
    pub found: String,
    /// The most memory it held at once, in bytes.
    pub peak_rss: Option<u64>,
}

/// Markdown.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounds = self.rows.first().map_or(0, |row| row.times.len());
        writeln!(f, "### {}\n", self.title)?;
        writeln!(f, "| contender | min s | median s | GB/s | × the first | found | peak MiB |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|")?;
        for row in &self.rows {
            let (min, median) = (row.min().as_secs_f64(), row.median().as_secs_f64());
            let speed = row.bytes as f64 / median / 1e9;
            let ratio = self.rows.first().map_or(f64::NAN, |first| row.ratio_to(first));
            let peak = row.peak_rss.map_or("–".to_owned(), |bytes| (bytes >> 20).to_string());
            let Row { name, found, .. } = row;
            writeln!(
                f,
                "| {name} | {min:.3} | {median:.3} | {speed:.3} | {ratio:.2} | {found} | {peak} |"
            )?;
        }
        writeln!(
            f,
            "\n{rounds} interleaved rounds; GB/s of the median; × is time per byte beside the first row's, the median over rounds.\n"
        )
    }
}

/// The machine and the day, for a table's head.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model);
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let output = |command: &str, argument: &str| {
        let output = Command::new(command).arg(argument).output();
        output.map_or(String::new(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    let (day, kernel) = (output("date", "+%Y-%m-%d"), output("uname", "-sr"));
    format!("{day}, {model}, {cores} cores, {kernel}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_rounds_and_per_byte() {
        let row = |bytes, millis: [u64; 3]| Row {
            times: millis.map(Duration::from_millis).to_vec(),
            ..Row::new("row", bytes)
        };
        // The second round was disturbed: both took ten times as long.
        let (ours, theirs) = (row(100, [10, 100, 10]), row(50, [20, 200, 22]));
        assert!((theirs.ratio_to(&ours) - 4.0).abs() < 1e-9);
        assert_eq!(theirs.median(), Duration::from_millis(22));
        assert_eq!(theirs.min(), Duration::from_millis(20));
    }
}
