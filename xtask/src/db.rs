//! A private Postgres for tests and development: loopback only, a data folder of its own, never as root.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::host::process::{Handle, Program};
use crate::host::{files, packages, paths, ports, say, settings, shell};
use crate::{Context as _, Failure, Result};

const OWNER: &str = "kubenova";
/// System account that runs the server when we are root; the package of the distribution brings it.
const ACCOUNT: &str = "postgres";

/// A running database server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Db {
    /// Name given to `--name`.
    pub name: String,
    /// Its port on loopback.
    pub port: u16,
    /// Folder of its data.
    pub data: PathBuf,
    handle: Handle,
    log: PathBuf,
}

impl Db {
    /// URL of its database for the role that owns it, which may also create databases.
    pub fn url(&self) -> String {
        format!("postgres://{OWNER}@127.0.0.1:{}/{OWNER}", self.port)
    }
}

/// Starts the database `name`, or finds it running. `durable` waits for the disk at each commit.
///
/// # Errors
/// When the server's programs are missing and cannot be installed, or it does not start.
pub fn up(name: &str, durable: bool) -> Result<Db> {
    let _held = files::lock(&paths::db_state(name).with_extension("lock"))?;
    if let Some(db) = load(name)? {
        if db.handle.is_alive() {
            say::progress(format!("database {name} is already running"));
            return Ok(db);
        }
        files::remove_folder(&db.data)?;
    }
    let begun = Instant::now();
    let programs = programs()?;
    let folder = paths::db_state(name);
    files::folder(&folder)?;
    let data = data_folder(name, &folder)?;
    make(&programs, &data)?;
    let port = *ports::free(1)?.first().context("a free port")?;
    let log = folder.join("postgres.log");
    let handle = server(&programs, &data, port, durable, &log).start()?;
    let db = Db {
        name: name.to_owned(),
        port,
        data,
        handle,
        log,
    };
    let text = serde_json::to_string_pretty(&db).context("write the database's state")?;
    files::write_private(&folder.join("state.json"), text)?;
    wait(&programs, &db).inspect_err(|_| db.handle.kill())?;
    say::progress(format!(
        "database {name} is up after {:.1} s",
        begun.elapsed().as_secs_f32()
    ));
    Ok(db)
}

/// Stops the database `name` and removes its data. Says whether there was one.
///
/// # Errors
/// When its state is damaged or the file system refuses.
pub fn down(name: &str) -> Result<bool> {
    let _held = files::lock(&paths::db_state(name).with_extension("lock"))?;
    let Some(db) = load(name)? else {
        return Ok(false);
    };
    // SIGTERM would wait for clients to leave; nothing here is worth keeping
    db.handle.kill();
    files::remove_folder(&db.data)?;
    files::remove_folder(&paths::db_state(name))?;
    Ok(true)
}

/// The running database `name`.
///
/// # Errors
/// When it is not up, or has ended: then with the end of its log.
pub fn status(name: &str) -> Result<Db> {
    let db = load(name)?.context(format!("database {name} is not up"))?;
    if db.handle.is_alive() {
        return Ok(db);
    }
    let last = files::tail(&db.log, 8);
    Err(Failure::new(format!(
        "database {name} has ended; the end of {}:\n{last}",
        db.log.display()
    )))
}

fn load(name: &str) -> Result<Option<Db>> {
    let file = paths::db_state(name).join("state.json");
    if !file.is_file() {
        return Ok(None);
    }
    serde_json::from_str(&files::read(&file)?)
        .context(format!("read {}", file.display()))
        .map(Some)
}

/// Folder of the newest server programs of the distribution, installed if need be.
fn programs() -> Result<PathBuf> {
    if let Some(found) = installed() {
        return Ok(found);
    }
    packages::install("postgresql")?;
    installed().context("the package postgresql brought no server programs")
}

fn installed() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let number = |folder: &fs::DirEntry| folder.file_name().to_string_lossy().parse::<u32>().ok();
    let newest = versions.filter_map(|folder| Some((number(&folder)?, folder.path().join("bin"))));
    let newest = newest
        .filter(|(_, bin)| is_complete(bin))
        .max()
        .map(|(_, bin)| bin);
    let on_path = || {
        let file = fs::canonicalize(settings::which("initdb")?).ok()?;
        file.parent()
            .map(Path::to_path_buf)
            .filter(|bin| is_complete(bin))
    };
    newest.or_else(on_path)
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "postgres", "createdb"]
        .iter()
        .all(|program| bin.join(program).is_file())
}

/// The data lies below `target`, unless the server's account cannot get there: then in the system's temporary folder.
fn data_folder(name: &str, folder: &Path) -> Result<PathBuf> {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|about| about.mode() & 0o001 != 0);
    let data = if !shell::is_root() || folder.ancestors().all(open) {
        folder.join("data")
    } else {
        let key = files::short_hash([folder.display().to_string().as_bytes()]);
        std::env::temp_dir().join(format!("kubenova-db-{name}-{key}"))
    };
    files::remove_folder(&data)?;
    files::folder(&data)?;
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).context("set a mode")?;
    if shell::is_root() {
        shell::capture(Command::new("chown").arg(ACCOUNT).arg(&data))?;
    }
    Ok(data)
}

fn make(programs: &Path, data: &Path) -> Result<()> {
    let file = programs.join("initdb");
    let mut command = Command::new(&file);
    if shell::is_root() {
        command = Command::new("runuser");
        command.args(["-u", ACCOUNT, "--"]).arg(&file);
    }
    command.current_dir("/").arg("-D").arg(data);
    command.args([
        "-U",
        OWNER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    shell::capture(&mut command).map(drop)
}

fn server(programs: &Path, data: &Path, port: u16, durable: bool, log: &Path) -> Program {
    let mut args = vec!["-D".to_owned(), data.display().to_string()];
    let mut set = |key: &str, value: &str| args.extend(["-c".to_owned(), format!("{key}={value}")]);
    set("listen_addresses", "127.0.0.1");
    set("port", &port.to_string());
    set("unix_socket_directories", "");
    set("max_connections", "200");
    set("shared_buffers", "256MB");
    // whole statements, for who reads them there
    set("track_activity_query_size", "8kB");
    if durable {
        // as for a database that is written to all day: checkpoints are far apart, and log files are used again
        set("min_wal_size", "1GB");
        set("max_wal_size", "4GB");
        set("checkpoint_timeout", "15min");
    } else {
        set("fsync", "off");
        set("full_page_writes", "off");
        set("synchronous_commit", "off");
    }
    let through = match (shell::is_root(), settings::which("setpriv")) {
        (false, _) => Vec::new(),
        // setpriv replaces itself, so that the process we know is the server
        (true, Some(setpriv)) => vec![
            setpriv.display().to_string(),
            format!("--reuid={ACCOUNT}"),
            format!("--regid={ACCOUNT}"),
            "--clear-groups".to_owned(),
        ],
        (true, None) => vec!["runuser".into(), "-u".into(), ACCOUNT.into(), "--".into()],
    };
    Program {
        name: "postgres".to_owned(),
        through,
        file: programs.join("postgres"),
        args,
        env: Vec::new(),
        log: log.to_path_buf(),
    }
}

/// Waits until it answers, then makes the database.
fn wait(programs: &Path, db: &Db) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(30);
    let port = db.port.to_string();
    let target = ["-h", "127.0.0.1", "-p", port.as_str(), "-U", OWNER];
    loop {
        let made = shell::capture(
            Command::new(programs.join("createdb"))
                .args(target)
                .arg(OWNER),
        );
        let Err(why) = made else { return Ok(()) };
        if !db.handle.is_alive() {
            let last = files::tail(&db.log, 8);
            return Err(Failure::new(format!("postgres has ended:\n{last}")));
        }
        if Instant::now() >= deadline {
            return Err(why);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
