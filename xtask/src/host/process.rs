//! Background programs that outlive the command: started in a session of their own, never mistaken for another.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use super::{files, settings};
use crate::{Context as _, Result};

/// What to run, kept so that it can be started again exactly like this.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Program {
    /// Name shown to people, e.g. `kube-apiserver`.
    pub name: String,
    /// Words put before the program, e.g. `ip netns exec NAME`.
    pub through: Vec<String>,
    /// The executable.
    pub file: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment on top of ours.
    pub env: Vec<(String, String)>,
    /// File that collects stdout and stderr.
    pub log: PathBuf,
}

/// A process that cannot be confused with a later one of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// Process and session number.
    pub pid: i32,
    /// Start time in clock ticks since boot.
    pub started: u64,
}

impl Program {
    /// Starts it in a session of its own, output appended to its log.
    ///
    /// # Errors
    /// When the log or the program cannot be opened.
    pub fn start(&self) -> Result<Handle> {
        if let Some(parent) = self.log.parent() {
            files::folder(parent)?;
        }
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.context(format!("open {}", self.log.display()))?;
        let again = log
            .try_clone()
            .context(format!("open {}", self.log.display()))?;
        let setsid = settings::which("setsid").context("setsid (package util-linux) is missing")?;
        let child = Command::new(setsid)
            .args(&self.through)
            .arg(&self.file)
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(again)
            .spawn()
            .context(format!("start {}", self.name))?;
        let pid = i32::try_from(child.id()).context("process number")?;
        let started = stat(pid).map(|(_, started)| started).unwrap_or_default();
        Ok(Handle { pid, started })
    }
}

impl Handle {
    /// Whether exactly this process still runs; a zombie does not.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| started == self.started && state != 'Z')
    }

    /// Sends a signal to its whole group, if it is still the same process.
    pub fn signal(self, signal: Signal) {
        if self.is_alive()
            && let Some(pid) = Pid::from_raw(self.pid)
        {
            // in its first moment it has no group of its own yet
            if kill_process_group(pid, signal).is_err() {
                let _ = kill_process(pid, signal);
            }
        }
    }

    /// Asks it to end, insists after `patience`, returns when it is gone.
    pub fn stop(self, patience: Duration) {
        self.signal(Signal::TERM);
        if !self.gone_within(patience) {
            self.signal(Signal::KILL);
            self.gone_within(Duration::from_secs(10));
        }
    }

    /// Ends it at once, returns when it is gone.
    pub fn kill(self) {
        self.signal(Signal::KILL);
        self.gone_within(Duration::from_secs(10));
    }

    fn gone_within(self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

/// State letter and start time of a process, from `/proc`.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    parse_stat(&text)
}

/// The program's name stands in parentheses and may itself contain some: count from the last one.
fn parse_stat(text: &str) -> Option<(char, u64)> {
    let after = &text[text.rfind(')')? + 1..];
    let words: Vec<&str> = after.split_whitespace().collect();
    Some((words.first()?.chars().next()?, words.get(19)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(log: &Path) -> Program {
        Program {
            name: "sleep".into(),
            through: Vec::new(),
            file: "/bin/sleep".into(),
            args: vec!["60".into()],
            env: Vec::new(),
            log: log.to_path_buf(),
        }
    }

    #[test]
    fn stat_survives_hostile_names() {
        let line = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        assert_eq!(parse_stat(line), Some(('S', 4242)));
    }

    #[test]
    fn a_recycled_number_is_not_ours() {
        let log = std::env::temp_dir().join(format!("kn-process-{}.log", std::process::id()));
        let ours = sleeper(&log).start().unwrap();
        let other = Handle {
            started: ours.started + 1,
            ..ours
        };
        assert!(ours.is_alive());
        assert!(!other.is_alive());
        other.kill();
        assert!(
            ours.is_alive(),
            "a handle with another start time must not kill"
        );
        ours.kill();
        assert!(!ours.is_alive());
        let _ = fs::remove_file(log);
    }
}
