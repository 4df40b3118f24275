//! `xtask/tidy-exceptions.txt`: what may break a rule, and why. It may only shrink.

use std::path::Path;

use super::Broken;
use crate::host::files;
use crate::{Failure, Result};

const FILE: &str = "xtask/tidy-exceptions.txt";

#[derive(Debug, PartialEq, Eq)]
struct Exception {
    path: String,
    rule: String,
    line: usize,
}

/// What is left of `broken` after the exceptions, plus the exceptions that cover nothing.
///
/// # Errors
/// When the file is missing or a line of it has no reason.
pub fn apply(root: &Path, broken: Vec<Broken>) -> Result<Vec<Broken>> {
    let exceptions = parse(&files::read(&root.join(FILE))?)?;
    let covers = |one: &Exception, other: &Broken| one.path == other.path && one.rule == other.rule;
    let unused = exceptions
        .iter()
        .filter(|one| !broken.iter().any(|other| covers(one, other)));
    let stale: Vec<Broken> = unused
        .map(|one| Broken {
            path: FILE.to_owned(),
            line: one.line,
            rule: "stale-exception",
            what: format!(
                "{} does not break {} any more: remove the line",
                one.path, one.rule
            ),
        })
        .collect();
    let mut left = broken;
    left.retain(|other| !exceptions.iter().any(|one| covers(one, other)));
    left.extend(stale);
    Ok(left)
}

fn parse(text: &str) -> Result<Vec<Exception>> {
    let numbered = text
        .lines()
        .enumerate()
        .map(|(nth, line)| (nth + 1, line.trim()));
    let lines = numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let mut words = line.splitn(3, char::is_whitespace);
            match (words.next(), words.next(), words.next().map(str::trim)) {
                (Some(path), Some(rule), Some(reason)) if !reason.is_empty() => Ok(Exception {
                    path: path.to_owned(),
                    rule: rule.to_owned(),
                    line: number,
                }),
                _ => Err(Failure::new(format!(
                    "{FILE}:{number}: path, rule and a reason"
                ))),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_has_a_reason() {
        assert_eq!(
            parse("# why\n\na.rs file-size it is a table\n")
                .unwrap()
                .len(),
            1
        );
        assert!(parse("a.rs file-size\n").is_err());
    }
}
