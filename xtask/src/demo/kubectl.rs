//! Proofs by kubectl: the command as a person would type it, what it printed, and that it ended as it had to.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use super::print;
use crate::host::{packages, say};
use crate::{Context as _, Failure, Result};

const DEADLINE: Duration = Duration::from_secs(60);

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It did what was asked.
    Done,
    /// Known, but not allowed: 403.
    Forbidden,
    /// Not known: 401.
    Unauthorized,
    /// There is no such object: 404.
    Missing,
    /// Anything else.
    Broken,
}

/// What a command printed, and how it ended.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    pub(super) ending: Ending,
    pub(super) out: String,
    err: String,
}

/// The program, and a cache of its own.
#[derive(Clone, Debug)]
pub(super) struct Kubectl {
    program: PathBuf,
    cache: PathBuf,
}

impl Kubectl {
    /// Finds it, or installs it where we may.
    ///
    /// # Errors
    /// When it is missing and cannot be installed.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let program = packages::program("kubectl", "kubernetes-client")
            .context("the demo proves with kubectl what a kubeconfig opens")?;
        let cache = folder.join("kubectl-cache");
        Ok(Self { program, cache })
    }

    /// Runs it with a kubeconfig; `words` is its command line, split at spaces.
    ///
    /// # Errors
    /// When it cannot start or does not end in time.
    pub(super) async fn run(&self, kubeconfig: &Path, words: &str) -> Result<Ran> {
        let mut command = Command::new(&self.program);
        command
            .args(["--request-timeout=20s", "--cache-dir"])
            .arg(&self.cache)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(words.split_whitespace())
            .env_remove("KUBECONFIG")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ran = tokio::time::timeout(DEADLINE, command.output()).await;
        let ran = ran
            .context(format!("kubectl {words}: no end in time"))?
            .context("start kubectl")?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&ran.stdout), text(&ran.stderr));
        let ending = if ran.status.success() {
            Ending::Done
        } else {
            ending(&err)
        };
        Ok(Ran { ending, out, err })
    }

    /// Runs it, prints both ways, and demands an ending.
    ///
    /// # Errors
    /// When it ends in another way.
    pub(super) async fn prove(&self, kubeconfig: &Path, words: &str, want: Ending) -> Result<Ran> {
        let file = kubeconfig.file_name().unwrap_or_default().to_string_lossy();
        say::result(format!("$ kubectl --kubeconfig {file} {words}"));
        let ran = self.run(kubeconfig, words).await?;
        print::output(&ran.out);
        print::output(&ran.err);
        if ran.ending == want {
            print::note(match want {
                Ending::Done => "allowed, as it must be",
                Ending::Forbidden => "refused (403), as it must be",
                Ending::Unauthorized => "not known any more (401), as it must be",
                Ending::Missing => "not there, as it must be",
                Ending::Broken => "broken",
            });
            return Ok(ran);
        }
        let (seen, said) = (ran.ending, ran.err.trim());
        Err(Failure::new(format!(
            "kubectl {words} with {file}: {seen:?} instead of {want:?}: {said}"
        )))
    }
}

/// How kubectl says no.
fn ending(said: &str) -> Ending {
    // some subcommands wrap the server's refusal in a sentence of their own
    if said.contains("(Forbidden)") || said.contains(" is forbidden: User ") {
        Ending::Forbidden
    } else if said.contains("(Unauthorized)") || said.contains("must be logged in to the server") {
        Ending::Unauthorized
    } else if said.contains("(NotFound)") {
        Ending::Missing
    } else {
        Ending::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart() {
        let said = "Error from server (Forbidden): secrets is forbidden: User \"x\" cannot list";
        assert_eq!(ending(said), Ending::Forbidden);
        let said =
            "error: failed to create configmap: configmaps is forbidden: User \"x\" cannot create";
        assert_eq!(ending(said), Ending::Forbidden);
        let said = "error: You must be logged in to the server (Unauthorized)";
        assert_eq!(ending(said), Ending::Unauthorized);
        let said = "Error from server (NotFound): namespaces \"x\" not found";
        assert_eq!(ending(said), Ending::Missing);
        assert_eq!(
            ending("The connection to the server was refused"),
            Ending::Broken
        );
    }
}
