//! A process that is aborted leaves nothing of its memory behind.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn attack_131_an_aborted_process_leaves_no_core_file() {
    let dir = tempfile::tempdir().unwrap();
    // As generous as the system lets us be, so that only the process itself can forbid it.
    let command = "ulimit -c \"$(ulimit -H -c)\"; exec \"$0\" serve";
    let mut child = Command::new("/bin/sh")
        .args(["-c", command, env!("CARGO_BIN_EXE_kubenova-server")])
        .current_dir(dir.path())
        .env("KUBENOVA__HTTP__LISTEN", "127.0.0.1:0")
        .env("KUBENOVA__METRICS__LISTEN", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("Ready") {
                return true;
            }
        }
        false
    };
    assert!(timeout(PATIENCE, ready).await.expect("it starts"));
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<_> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core:?}");
    kill_process(Pid::from_raw(pid).unwrap(), Signal::ABORT).unwrap();
    let ended = timeout(PATIENCE, child.wait()).await.expect("it ends");
    assert!(!ended.unwrap().success());
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left behind");
}
