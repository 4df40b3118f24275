//! Lines for the person at the terminal: results to stdout, progress to stderr.

use std::io::Write as _;

/// Writes one line of result to stdout; a closed pipe is no reason to stop.
pub fn result(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", line.as_ref());
    let _ = out.flush();
}

/// Writes one line of progress to stderr.
pub fn progress(line: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", line.as_ref());
}
