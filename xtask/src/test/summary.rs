//! The sum of what all test binaries said: `N passed, N failed`.

use std::fmt;

/// Counted tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    passed: u64,
    failed: u64,
}

impl Summary {
    /// Adds a line like `test result: ok. 3 passed; 0 failed; ...`; other lines say nothing.
    pub(super) fn read(&mut self, line: &str) {
        let Some(counts) = line.strip_prefix("test result: ") else {
            return;
        };
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse::<u64>().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// A run that broke without a failed test (it did not compile, a binary was killed) is no success either.
    pub(super) fn at_least_one_failed(&mut self) {
        self.failed = self.failed.max(1);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_are_summed() {
        let mut summary = Summary::default();
        let rest = "0 ignored; 0 measured; 0 filtered out; finished in 0.03s";
        summary.read(&format!("test result: ok. 31 passed; 0 failed; {rest}"));
        summary.read("test a::b ... ok");
        summary.read(&format!("test result: FAILED. 2 passed; 1 failed; {rest}"));
        assert_eq!(summary.to_string(), "33 passed, 1 failed");
    }

    #[test]
    fn a_broken_run_is_no_success() {
        let mut summary = Summary::default();
        summary.at_least_one_failed();
        assert_eq!(summary.to_string(), "0 passed, 1 failed");
    }
}
