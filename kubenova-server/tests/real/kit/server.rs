//! The server as a process: started with a database or without, stopped, and killed.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command as Blocking, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::api::{Api, condition};
use crate::place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubenova-server");
/// How long a start may take on a loaded machine.
const START: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(60);

/// What the servers of one installation share: database, keys, the first token.
pub(crate) struct Site {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    database: Option<String>,
}

impl Site {
    /// One server alone, with nothing that outlives it.
    pub(crate) fn memory() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            settings: Vec::new(),
            database: None,
        }
    }

    /// A database of its own, and fresh keys.
    pub(crate) async fn postgres() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = place::database().await;
        let key = |kind: &str| {
            let file = folder.path().join(kind);
            let mut generate = Blocking::new(PROGRAM);
            generate
                .args(["keys", "generate", "--kind", kind])
                .arg(&file);
            assert!(generate.status().unwrap().success());
            file.display().to_string()
        };
        let settings = vec![
            ("STORE__URL", database.clone()),
            ("AUTH__SIGNING_KEY_FILE", key("signing")),
            ("SEAL__KEY_FILES", format!("[\"{}\"]", key("seal"))),
        ];
        Self {
            folder,
            settings,
            database: Some(database),
        }
    }

    /// Address of the database.
    pub(crate) fn database(&self) -> &str {
        self.database.as_deref().unwrap()
    }

    fn token_file(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// The sealing key is lost, and another one stands in its file.
    pub(crate) fn lose_sealing_key(&self) {
        let file = self.folder.path().join("seal");
        std::fs::rename(&file, file.with_extension("lost")).unwrap();
        let mut generate = Blocking::new(PROGRAM);
        generate.args(["keys", "generate", "--kind", "seal"]);
        assert!(generate.arg(&file).status().unwrap().success());
    }

    /// The key that was lost is found.
    pub(crate) fn find_sealing_key(&self) {
        let file = self.folder.path().join("seal");
        std::fs::rename(file.with_extension("lost"), &file).unwrap();
    }

    /// What a server says that must not start.
    pub(crate) async fn refuses_to_start(&self) -> String {
        let settings = self.settings.iter();
        let ended = Command::new(PROGRAM)
            .arg("serve")
            .env_clear()
            .envs(settings.map(|(key, value)| (format!("KUBENOVA__{key}"), value)))
            .envs([
                ("KUBENOVA__HTTP__LISTEN", "127.0.0.1:0"),
                ("KUBENOVA__METRICS__LISTEN", "127.0.0.1:0"),
            ])
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(PATIENCE, ended).await;
        let ended = ended.expect("it gives up").unwrap();
        assert!(!ended.status.success());
        String::from_utf8(ended.stderr).unwrap()
    }

    /// Starts a server and waits until it is ready. `role` is `all`, `api` or `worker`.
    pub(crate) async fn start(&self, role: &str) -> Server {
        let (api, metrics) = (free_port(), free_port());
        let base = format!("http://127.0.0.1:{api}");
        let log = self.folder.path().join(format!("log-{api}"));
        let file = std::fs::File::create(&log).unwrap();
        let variables = [
            ("HTTP__LISTEN", format!("127.0.0.1:{api}")),
            ("METRICS__LISTEN", format!("127.0.0.1:{metrics}")),
            (
                "CLUSTERS__ALLOW_CIDRS",
                r#"["127.0.0.0/8", "10.0.0.0/8"]"#.to_owned(),
            ),
            (
                "AUTH__BOOTSTRAP_TOKEN_FILE",
                self.token_file().display().to_string(),
            ),
        ];
        let variables = variables.iter().chain(&self.settings);
        let child = Command::new(PROGRAM)
            .args(["serve", "--role", role])
            .env_clear()
            .envs(variables.map(|(key, value)| (format!("KUBENOVA__{key}"), value)))
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut server = Server {
            child,
            api: Api::new(&base, ""),
            log,
        };
        server.ready().await;
        let token = std::fs::read_to_string(self.token_file()).unwrap();
        server.api = server.api.with_token(&token);
        server
    }
}

/// Nobody else has it now; that somebody takes it before the server does is unlikely.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) api: Api,
    log: PathBuf,
}

impl Server {
    async fn ready(&mut self) {
        let begun = Instant::now();
        loop {
            let answer = self.api.send(http::Method::GET, "!/readyz", None, 0).await;
            if answer.is_some_and(|(status, _)| status == 200) {
                return;
            }
            let ended = self.child.try_wait().unwrap();
            let late = begun.elapsed() > START;
            assert!(
                ended.is_none() && !late,
                "not ready: {ended:?}\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// SIGKILL: nothing is finished, nothing is given back.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// SIGSTOP: it stands still, wherever it is.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT: it goes on where it stood.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// As an operator stops it; it must end well.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let ended = ended.expect("it ends when told to").unwrap();
        assert!(ended.success(), "{ended}\n{}", self.log());
    }

    /// Registers the test cluster under `name`, and bootstraps tenancy on it.
    pub(crate) async fn register(&self, name: &str) -> Value {
        let kubeconfig = STANDARD.encode(place::kubeconfig("kubenova"));
        let body = json!({"name": name, "kubeconfig": kubeconfig});
        self.api.post("/clusters", body).await;
        let path = format!("/clusters/{name}");
        let bootstrap = format!("{path}/bootstrap/tenancy");
        self.api
            .must(202, http::Method::POST, &bootstrap, None)
            .await;
        let ready = |seen: &Value| {
            ["Reachable", "TenancyReady"]
                .iter()
                .all(|kind| condition(seen, kind)["status"] == "True")
        };
        let (_, cluster) = self
            .api
            .until(&path, "tenancy is ready", PATIENCE, ready)
            .await;
        cluster
    }
}
