//! What was measured: figures, the machine, the table and the JSON document.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde::Serialize;

use crate::host::{files, say, shell};
use crate::{Context as _, Result};

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Figure {
    /// What was measured.
    what: String,
    /// On what: `memory`, `postgres`, `pgbench` (the same SQL without us), `cluster`.
    on: &'static str,
    value: f64,
    unit: &'static str,
    /// Milliseconds.
    p50: Option<f64>,
    p99: Option<f64>,
    /// What it should be.
    wanted: Option<&'static str>,
    /// The machine's load average of one minute just before.
    load: f64,
}

impl Figure {
    /// A single number.
    pub(super) fn new(
        what: impl Into<String>,
        on: &'static str,
        value: f64,
        unit: &'static str,
    ) -> Self {
        let (p50, p99, wanted) = (None, None, None);
        let (what, load) = (what.into(), load());
        Self {
            what,
            on,
            value,
            unit,
            p50,
            p99,
            wanted,
            load,
        }
    }

    /// With the times that half and 99 of 100 took at most.
    pub(super) fn latency(mut self, p50: Duration, p99: Duration) -> Self {
        self.p50 = Some(p50.as_secs_f64() * 1000.0);
        self.p99 = Some(p99.as_secs_f64() * 1000.0);
        self
    }

    /// With what it should be.
    pub(super) fn wanted(mut self, wanted: &'static str) -> Self {
        self.wanted = Some(wanted);
        self
    }

    /// With the load before it began instead of the load now.
    pub(super) fn under(mut self, load: f64) -> Self {
        self.load = load;
        self
    }

    fn row(&self) -> String {
        let millis = |time: Option<f64>| time.map_or_else(String::new, |ms| format!("{ms:.2}"));
        let value = match self.value {
            many if many >= 100.0 => format!("{many:.0}"),
            few => format!("{few:.2}"),
        };
        format!(
            "| {:42} | {:8} | {:>10} {:3} | {:>8} | {:>8} | {:>10} | {:>5.1} |",
            self.what,
            self.on,
            value,
            self.unit,
            millis(self.p50),
            millis(self.p99),
            self.wanted.unwrap_or_default(),
            self.load
        )
    }
}

/// Everything of one run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    at: String,
    machine: String,
    quick: bool,
    figures: Vec<Figure>,
}

impl Report {
    /// An empty one, of this machine and moment.
    pub(super) fn begin(quick: bool) -> Self {
        let at = shell::capture(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%MZ"]));
        Self {
            at: at.unwrap_or_default().trim().to_owned(),
            machine: machine(),
            quick,
            figures: Vec::new(),
        }
    }

    /// Adds a figure, and shows it at once.
    pub(super) fn add(&mut self, figure: Figure) {
        say::progress(figure.row());
        self.figures.push(figure);
    }

    /// The table, in Markdown.
    pub(super) fn table(&self) -> String {
        let mut out = format!("{} on {}\n\n", self.at, self.machine);
        let _ = writeln!(
            out,
            "| {:42} | {:8} | {:>14} | {:>8} | {:>8} | {:>10} | {:>5} |",
            "what", "on", "value", "p50 ms", "p99 ms", "wanted", "load"
        );
        out.push_str("|---|---|---:|---:|---:|---:|---:|\n");
        for figure in &self.figures {
            let _ = writeln!(out, "{}", figure.row());
        }
        out
    }

    /// Writes all of it as JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("write the figures")?;
        files::write_private(file, text)
    }
}

/// Load average of the last minute.
pub(super) fn load() -> f64 {
    let text = files::read(Path::new("/proc/loadavg")).unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let of = |file: &str, key: &str| {
        let text = files::read(Path::new(file)).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key));
        let value = line.and_then(|line| line.split_once(':'));
        value
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let (model, memory) = (
        of("/proc/cpuinfo", "model name"),
        of("/proc/meminfo", "MemTotal"),
    );
    format!(
        "{cores} cores ({model}), {memory} of memory; load generator, Postgres and cluster share them"
    )
}

/// The one in the middle.
pub(super) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_occurred() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2.0_f64.to_bits());
    }

    #[test]
    fn a_row_shows_what_is_known_and_leaves_the_rest_empty() {
        let figure = Figure::new("get", "memory", 35_000.4, "/s").under(0.5);
        let row = figure.wanted("≥ 35000").row();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[1..4], ["get", "memory", "35000 /s"]);
        assert_eq!(cells[4..8], ["", "", "≥ 35000", "0.5"]);
    }
}
