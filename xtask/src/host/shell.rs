//! Programs run to their end: their output captured or shown, their failure named.

use std::process::{Command, Stdio};

use crate::{Context as _, Failure, Result};

/// Runs to the end and gives back what it printed on stdout.
///
/// # Errors
/// When it cannot start or ends badly; then with what it said on stderr.
pub fn capture(command: &mut Command) -> Result<String> {
    let name = named(command);
    let done = command
        .stdin(Stdio::null())
        .output()
        .context(format!("start {name}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Failure::new(format!(
        "{name} ended with {}: {}",
        done.status,
        said.trim()
    )))
}

/// Runs to the end, its output shown.
///
/// # Errors
/// When it cannot start or ends badly.
pub fn show(command: &mut Command) -> Result<()> {
    let name = named(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .context(format!("start {name}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{name} ended with {status}")))
    }
}

/// Whether we are root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn named(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![
        program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    ];
    words.extend(
        command
            .get_args()
            .take(4)
            .map(|arg| arg.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_end_carries_what_was_said() {
        let said = capture(Command::new("sh").args(["-c", "echo why >&2; exit 3"])).unwrap_err();
        assert!(said.to_string().contains("exit status: 3: why"), "{said}");
    }
}
