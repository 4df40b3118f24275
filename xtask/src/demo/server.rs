//! The server under demonstration: built as released, configured by its environment alone, stopped as an operator would.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::Store;
use super::api::Api;
use crate::host::{files, paths, ports, say, settings, shell};
use crate::{Context as _, Failure, Result, db};

/// Name of the database that the demo has for itself.
const DATABASE: &str = "demo";

/// A variable without its prefix, and its value.
pub(crate) type Setting = (&'static str, String);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    url: String,
    token_file: PathBuf,
    log: PathBuf,
    ready_after: Duration,
}

/// Builds the release binary and says where it lies.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(simulated: bool) -> Result<PathBuf> {
    say::progress("building the release server (the first time takes minutes)");
    let cargo = settings::var("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut build = std::process::Command::new(cargo);
    build.current_dir(paths::workspace());
    build.args(["build", "--release", "--package", "kubenova-server"]);
    if simulated {
        build.args(["--features", "simulated"]);
    }
    shell::show(&mut build).context("build kubenova-server")?;
    Ok(paths::target().join("release/kubenova-server"))
}

impl Server {
    /// Starts `program` with its files in `folder`, and waits until it says that it is ready.
    ///
    /// # Errors
    /// When it ends or does not get ready: then with the end of its log.
    pub(super) async fn start(
        program: &Path,
        folder: &Path,
        store: Store,
        simulated: bool,
    ) -> Result<Self> {
        let mut settings = Vec::new();
        if simulated {
            settings.push(("CLUSTERS__BACKEND", "simulated".to_owned()));
        }
        if store == Store::Postgres {
            settings.extend(postgres(program, folder, DATABASE)?);
        }
        Self::launch(program, folder, "all", &settings).await
    }

    /// Starts one of some role with settings of its own on top, and waits until it is ready.
    ///
    /// # Errors
    /// When it ends or does not get ready: then with the end of its log.
    pub(crate) async fn launch(
        program: &Path,
        folder: &Path,
        role: &str,
        settings: &[Setting],
    ) -> Result<Self> {
        let free = ports::free(2)?;
        let (Some(api), Some(metrics)) = (free.first(), free.get(1)) else {
            return Err(Failure::new("no free ports"));
        };
        let url = format!("http://127.0.0.1:{api}");
        let token_file = folder.join("admin-token");
        let mut environment = vec![
            ("HTTP__LISTEN", format!("127.0.0.1:{api}")),
            ("METRICS__LISTEN", format!("127.0.0.1:{metrics}")),
            (
                "CLUSTERS__ALLOW_CIDRS",
                r#"["127.0.0.0/8", "::1/128"]"#.to_owned(),
            ),
            (
                "AUTH__BOOTSTRAP_TOKEN_FILE",
                token_file.display().to_string(),
            ),
            ("LOG__FORMAT", "text".to_owned()),
        ];
        environment.extend(settings.iter().cloned());
        let log = folder.join("server.log");
        let begun = Instant::now();
        let mut server = Self {
            child: spawn(program, role, &environment, &log)?,
            url,
            token_file,
            log,
            ready_after: Duration::ZERO,
        };
        if let Err(why) = server.ready(begun).await {
            let last = files::tail(&server.log, 15);
            server.stop().await.ok();
            return Err(Failure::new(format!("{why}; the end of its log:\n{last}")));
        }
        Ok(server)
    }

    async fn ready(&mut self, begun: Instant) -> Result<()> {
        let api = Api::new(&self.url);
        while begun.elapsed() < Duration::from_secs(30) {
            let status = api.status_of("/readyz").await;
            if status.is_some_and(|status| status.is_success()) && self.token_file.is_file() {
                self.ready_after = begun.elapsed();
                let after = self.ready_after.as_millis();
                say::progress(format!(
                    "the server is ready after {after} ms: {}",
                    self.url
                ));
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().context("look at the server")? {
                return Err(Failure::new(format!("the server ended with {status}")));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Err(Failure::new("the server is not ready after 30 s"))
    }

    /// How long that took.
    pub(crate) fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Its process number, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// `http://host:port`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it wrote its first admin token.
    pub(crate) fn token_file(&self) -> &Path {
        &self.token_file
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> &Path {
        &self.log
    }

    /// Tells it to stop and waits for its end.
    ///
    /// # Errors
    /// When it does not end by itself, or ends badly.
    pub(crate) async fn stop(&mut self) -> Result<()> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM).context("stop the server")?;
        }
        let ended = tokio::time::timeout(Duration::from_secs(40), self.child.wait()).await;
        let Ok(ended) = ended else {
            self.child.kill().await.context("kill the server")?;
            return Err(Failure::new("the server did not end 40 s after SIGTERM"));
        };
        let status = ended.context("wait for the server")?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the server ended with {status}")))
    }
}

/// Only what is given counts: no variable of the caller's shell reaches the server.
fn spawn(program: &Path, role: &str, environment: &[Setting], log: &Path) -> Result<Child> {
    let file = OpenOptions::new().create(true).append(true).open(log);
    let file = file.context(format!("open {}", log.display()))?;
    let again = file.try_clone().context("open the log")?;
    let variables = environment
        .iter()
        .map(|(key, value)| (format!("KUBENOVA__{key}"), value));
    Command::new(program)
        .args(["serve", "--role", role])
        .env_clear()
        .env("PATH", settings::var("PATH").unwrap_or_default())
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(again)
        // of its own, so that Ctrl-C reaches us and we stop it in good order
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("start the server")
}

/// A database of its own, fresh keys, and the settings that name them.
///
/// # Errors
/// When Postgres cannot be had, or a key cannot be made.
pub(crate) fn postgres(program: &Path, folder: &Path, name: &str) -> Result<Vec<Setting>> {
    db::down(name)?;
    let database = db::up(name, true)?;
    let key = |kind: &str| {
        let file = folder.join(format!("{kind}.key"));
        let mut generate = std::process::Command::new(program);
        generate
            .args(["keys", "generate", "--kind", kind])
            .arg(&file);
        shell::capture(&mut generate).map(|_| file.display().to_string())
    };
    Ok(vec![
        ("STORE__URL", database.url()),
        ("AUTH__SIGNING_KEY_FILE", key("signing")?),
        ("SEAL__KEY_FILES", format!("[\"{}\"]", key("seal")?)),
    ])
}

/// Removes the demo's database, if it has one.
///
/// # Errors
/// When the file system refuses.
pub(super) fn clear(store: Store) -> Result<()> {
    if store == Store::Postgres {
        db::down(DATABASE)?;
    }
    Ok(())
}

/// A folder that only we may read, for tokens, kubeconfigs, keys and the log.
///
/// # Errors
/// When the file system refuses.
pub(crate) fn private_folder() -> Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let name = format!("kubenova-demo-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    files::remove_folder(&folder)?;
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    made.context(format!("create {}", folder.display()))?;
    Ok(folder)
}
