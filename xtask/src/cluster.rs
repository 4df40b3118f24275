//! A real Kubernetes control plane with Capsule as processes on this machine: for tests, the demo and benchmarks.
//!
//! etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok (simulated nodes) and Capsule. The first start
//! of a name writes everything and keeps a seed; later ones begin from the seed.

pub mod api;
pub mod assets;
pub mod capsule;
pub mod kubeconfig;
pub mod netns;
pub mod parts;
pub mod pki;
pub mod probe;
pub mod report;
pub mod seed;
pub mod start;
pub mod state;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::host::{files, paths, say};
use crate::{Context as _, Failure, Result};
use api::{Api, until};
use assets::Assets;
use seed::{Facts, Seed};
use start::Start;
use state::State;

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    state: State,
}

impl Cluster {
    /// Starts the cluster `name`, or finds it running.
    ///
    /// # Errors
    /// When a program is missing, or a part ends or does not get ready: then everything is stopped again and the
    /// sentence carries the end of that part's log.
    pub async fn up(name: &str) -> Result<Self> {
        check_name(name)?;
        let _held = files::lock(&lock_file(name))?;
        if let Some(state) = State::load(name)? {
            if state.ready && state.parts.iter().any(state::Part::is_alive) {
                state
                    .check()
                    .context(format!("cluster {name} is broken; take it down first"))?;
                say::progress(format!("cluster {name} is already running"));
                return Ok(Self { state });
            }
            take_down(&state);
        }
        let assets = Assets::ready()?;
        let seed = Seed::of(name, &assets)?;
        let begun = Instant::now();
        if !seed.exists() {
            say::progress(format!("first start of cluster {name}: writing its seed"));
            sow(name, &assets, &seed).await?;
        }
        let folder = paths::cluster_state(name);
        files::remove_folder(&folder)?;
        let facts = seed.plant(&folder)?;
        let mut state = run(name, &assets, Some(facts)).await?;
        state.ready = true;
        state.save()?;
        say::progress(format!(
            "cluster {name} is up after {:.1} s",
            begun.elapsed().as_secs_f32()
        ));
        Ok(Self { state })
    }

    /// The running cluster `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(name: &str) -> Result<Self> {
        check_name(name)?;
        let state = State::load(name)?.filter(|state| state.ready);
        Ok(Self {
            state: state.context(format!("cluster {name} is not up"))?,
        })
    }

    /// Stops every process of the cluster `name` and removes its network; its logs stay until the next start.
    ///
    /// # Errors
    /// When its state is damaged. That it is not up is no error.
    pub fn down(name: &str) -> Result<bool> {
        check_name(name)?;
        let _held = files::lock(&lock_file(name))?;
        let Some(state) = State::load(name)? else {
            return Ok(false);
        };
        take_down(&state);
        let file = state.folder().join("state.json");
        std::fs::remove_file(&file).context(format!("remove {}", file.display()))?;
        files::remove_folder(&state.folder().join("etcd"))?;
        Ok(true)
    }

    /// What runs, and where.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its folder: `state.json`, `kubeconfig/*.yaml`, `log/*.log`, `audit/audit.log`.
    pub fn state_dir(&self) -> PathBuf {
        self.state.folder()
    }

    /// Kubeconfig of an identity: `admin`, `kubenova`, `plainadmin`, `alice`, `bob`, `carol`, `dave`, `mallory`.
    pub fn kubeconfig(&self, identity: &str) -> PathBuf {
        self.state_dir()
            .join("kubeconfig")
            .join(format!("{identity}.yaml"))
    }

    /// `Err` naming every crashed part with the end of its log.
    ///
    /// # Errors
    /// When at least one part has crashed.
    pub fn check(&self) -> Result<()> {
        self.state.check()
    }

    /// Stops one part and returns when it is gone; the others go on.
    ///
    /// # Errors
    /// When there is no such part.
    pub fn stop(&mut self, part: &str) -> Result<()> {
        let _held = self.refresh()?;
        let found = self.state.part(part)?;
        if let Some(handle) = found.handle.take() {
            handle.stop(Duration::from_secs(5));
        }
        self.state.save()
    }

    /// Starts a stopped part again and waits until it is of use.
    ///
    /// # Errors
    /// When there is no such part, or it does not get ready.
    pub async fn start(&mut self, part: &str) -> Result<()> {
        let _held = self.refresh()?;
        if part == "kwok" {
            start::forget_leases(&self.api("admin").await?).await?;
        }
        let found = self.state.part(part)?;
        if !found.is_alive() {
            found.handle = Some(found.program.start()?);
            self.state.save()?;
        }
        self.wait_for(part).await
    }

    /// Takes the cluster's lock and reads again what others may have changed.
    fn refresh(&mut self) -> Result<std::fs::File> {
        let held = files::lock(&lock_file(&self.state.name))?;
        let gone = format!("cluster {} is not up", self.state.name);
        self.state = State::load(&self.state.name)?.context(gone)?;
        Ok(held)
    }

    async fn wait_for(&self, part: &str) -> Result<()> {
        let (admin, kubenova) = (self.api("admin").await?, self.api("kubenova").await?);
        let of_part = || match self.state.crashed().any(|one| one.program.name == part) {
            true => self.state.check(),
            false => Ok(()),
        };
        match part {
            "capsule" => probe::tenancy(&kubenova, of_part).await,
            "kwok" | "kube-scheduler" => probe::nodes(&admin, of_part).await,
            "kube-controller-manager" => probe::controllers(&admin, of_part).await,
            _ => {
                let ready = async || admin.is_ready().await.then_some(());
                until("the API server", Duration::from_secs(60), of_part, ready).await
            }
        }
    }

    async fn api(&self, identity: &str) -> Result<Api> {
        Api::from_file(&self.kubeconfig(identity)).await
    }
}

/// A first run on an empty store, stopped in good order and kept.
async fn sow(name: &str, assets: &Assets, seed: &Seed) -> Result<()> {
    let folder = paths::cluster_state(name);
    files::remove_folder(&folder)?;
    let state = run(name, assets, None).await?;
    for part in state.parts.iter().rev() {
        if let Some(handle) = part.handle {
            handle.stop(Duration::from_secs(10));
        }
    }
    state.network.remove();
    seed.harvest(
        &folder,
        Facts {
            hook: state.ports.hook,
        },
    )
}

/// Starts all parts; on failure stops them again.
async fn run(name: &str, assets: &Assets, seeded: Option<Facts>) -> Result<State> {
    let network = start::network(name)?;
    let ports = start::choose_ports(network, seeded).inspect_err(|_| network.remove())?;
    let mut start =
        Start::prepare(assets, name, network, ports).inspect_err(|_| network.remove())?;
    let ran = match seeded {
        Some(facts) => start.from_seed(facts).await,
        None => start.from_nothing().await,
    };
    // a part that ended explains more than the wait that it broke
    let ran = ran.map_err(|err| start.state.check().err().unwrap_or(err));
    match ran {
        Ok(()) => Ok(start.state),
        Err(err) => {
            take_down(&start.state);
            Err(err)
        }
    }
}

fn take_down(state: &State) {
    for part in state.parts.iter().rev() {
        if let Some(handle) = part.handle {
            handle.kill();
        }
    }
    state.network.remove();
}

fn lock_file(name: &str) -> PathBuf {
    paths::cluster_state(name).with_extension("lock")
}

fn check_name(name: &str) -> Result<()> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=20).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    Err(Failure::new(
        "a cluster's name is 1 to 20 small letters, digits and dashes",
    ))
}
