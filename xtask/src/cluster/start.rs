//! Starts the parts of a cluster in order, from nothing or from a seed, and waits until each is of use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::api::{self, Api, until};
use super::assets::Assets;
use super::netns::Network;
use super::parts::Recipe;
use super::pki::{Authority, account_key};
use super::seed::{Facts, manifests};
use super::state::{Part, Ports, State};
use super::{capsule, kubeconfig, probe};
use crate::host::process::Program;
use crate::host::{files, ports, say, shell};
use crate::{Context as _, Failure, Result};

const PATIENCE: Duration = Duration::from_secs(90);
/// Capsule's probe listens here, whatever one says.
const CAPSULE_PROBE: u16 = 10080;
const ACCOUNT: &str = "/api/v1/namespaces/capsule-system/serviceaccounts/capsule";
const ADMISSION: &str = "/apis/admissionregistration.k8s.io/v1";

/// A start in progress.
#[derive(Debug)]
pub struct Start<'a> {
    assets: &'a Assets,
    folder: PathBuf,
    /// What has been started so far.
    pub state: State,
    ca: Authority,
}

/// Chooses where a cluster lives: the one named `default` on loopback if nobody else's Capsule is there.
///
/// # Errors
/// When it needs a network namespace and cannot have one.
pub fn network(name: &str) -> Result<Network> {
    if name != "default" {
        return Network::namespace();
    }
    if ports::is_free(CAPSULE_PROBE) {
        return Ok(Network::Host);
    }
    if shell::is_root() {
        say::progress("port 10080 is taken: this cluster gets a network namespace of its own");
        return Network::namespace();
    }
    Err(Failure::new(
        "port 10080, which Capsule cannot do without, is taken by another program",
    ))
}

/// Ports for a cluster: inside a namespace always the same, on loopback free ones.
///
/// # Errors
/// When the system has none left.
pub fn choose_ports(network: Network, seeded: Option<Facts>) -> Result<Ports> {
    let chosen = match network {
        Network::Namespace { .. } => vec![2379, 2380, 6443, 10257, 10259, 10250, 9443],
        Network::Host => ports::free(7)?,
    };
    let [etcd, peer, api, controllers, scheduler, kubelet, free] = chosen[..] else {
        return Err(Failure::new("seven ports are needed"));
    };
    let kept = seeded
        .map(|facts| facts.hook)
        .filter(|port| ports::is_free(*port));
    let hook = match network {
        Network::Host => kept.unwrap_or(free),
        Network::Namespace { .. } => free,
    };
    Ok(Ports {
        etcd,
        peer,
        api,
        controllers,
        scheduler,
        kubelet,
        hook,
    })
}

impl<'a> Start<'a> {
    /// Writes certificates, kubeconfigs and settings. Authorities that a seed brought are taken over.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn prepare(assets: &'a Assets, name: &str, network: Network, ports: Ports) -> Result<Self> {
        let folder = crate::host::paths::cluster_state(name);
        for part in [
            "kept",
            "pki",
            "hook",
            "internal",
            "kubeconfig",
            "audit",
            "log",
            "podlogs",
        ] {
            files::folder(&folder.join(part))?;
        }
        let ca = certificates(&folder, network)?;
        let server = format!("https://{}:{}", network.address(), ports.api);
        kubeconfig::write_all(&folder.join("kubeconfig"), &ca, &server)?;
        let inside = format!("https://127.0.0.1:{}", ports.api);
        for (file, user) in [
            ("kube-controller-manager", "system:kube-controller-manager"),
            ("kube-scheduler", "system:kube-scheduler"),
            ("kwok", "test-kwok"),
        ] {
            let file = folder.join(format!("internal/{file}.yaml"));
            kubeconfig::write(
                &file,
                &ca,
                &inside,
                &kubeconfig::certified(&ca.client(user, None)?),
            )?;
        }
        let [_, _, kwok, audit] = manifests();
        let logs = folder.join("podlogs/all.log");
        files::write_private(
            &logs,
            "2026-01-01T00:00:00Z stdout F simulated container started\n",
        )?;
        let kwok = files::read(&kwok)?.replace("@LOGS@", &logs.display().to_string());
        files::write_private(&folder.join("kwok.yaml"), kwok)?;
        files::write_private(&folder.join("audit/policy.yaml"), files::read(&audit)?)?;
        let parts = Vec::new();
        let state = State {
            name: name.to_owned(),
            server,
            network,
            ports,
            ready: false,
            parts,
        };
        Ok(Self {
            assets,
            folder,
            state,
            ca,
        })
    }

    /// Starts everything on an empty store and writes what a seed shall hold.
    ///
    /// # Errors
    /// When a part ends or does not get ready in time.
    pub async fn from_nothing(&mut self) -> Result<()> {
        let admin = self.control_plane().await?;
        self.launch(&self.recipe().controller_manager()?)?;
        self.launch(&self.recipe().scheduler()?)?;
        let [base, rbac, ..] = manifests();
        let mut crds = Vec::new();
        for file in [base, rbac].iter().chain(&self.assets.crds) {
            for object in api::documents(&files::read(file)?)? {
                admin.apply(&object).await?;
                if object["kind"] == "CustomResourceDefinition" {
                    crds.push(api::path_of(&object)?);
                }
            }
        }
        self.launch(&self.recipe().kwok()?)?;
        for path in &crds {
            let established = async || {
                let found = admin.get(path).await.ok().flatten()?;
                let conditions = found["status"]["conditions"].as_array()?.iter();
                let mut good = conditions.filter(|one| one["status"] == "True");
                good.any(|one| one["type"] == "Established").then_some(())
            };
            until(
                "a CRD to be established",
                PATIENCE,
                || self.state.check(),
                established,
            )
            .await?;
        }
        admin
            .apply(&capsule::configuration(
                self.state.ports.hook,
                &self.ca.certificate,
            ))
            .await?;
        self.capsule(&admin).await?;
        self.installed(&admin).await?;
        self.prove(&admin).await
    }

    /// Starts everything on the store of a seed.
    ///
    /// # Errors
    /// When a part ends or does not get ready in time.
    pub async fn from_seed(&mut self, facts: Facts) -> Result<()> {
        let admin = self.control_plane().await?;
        self.launch(&self.recipe().controller_manager()?)?;
        self.launch(&self.recipe().scheduler()?)?;
        forget_leases(&admin).await?;
        self.launch(&self.recipe().kwok()?)?;
        if facts.hook != self.state.ports.hook {
            move_hooks(&admin, facts.hook, self.state.ports.hook).await?;
            admin
                .apply(&capsule::configuration(
                    self.state.ports.hook,
                    &self.ca.certificate,
                ))
                .await?;
        }
        self.capsule(&admin).await?;
        self.prove(&admin).await
    }

    async fn control_plane(&mut self) -> Result<Api> {
        self.launch(&self.recipe().etcd()?)?;
        self.launch(&self.recipe().api_server()?)?;
        let admin = self.api("admin").await?;
        let ready = async || admin.is_ready().await.then_some(());
        until("the API server", PATIENCE, || self.state.check(), ready).await?;
        Ok(admin)
    }

    /// Capsule runs as its ServiceAccount, with a token as the cluster itself issues it.
    async fn capsule(&mut self, admin: &Api) -> Result<()> {
        let wish = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"expirationSeconds": 30 * 24 * 3600}});
        let answer = admin.create(&format!("{ACCOUNT}/token"), &wish).await?;
        let token = answer["status"]["token"]
            .as_str()
            .context("a token for Capsule")?;
        let file = self.folder.join("internal/capsule.token");
        files::write_private(&file, token)?;
        let inside = format!("https://127.0.0.1:{}", self.state.ports.api);
        let credentials = json!({"tokenFile": file});
        let kubeconfig = self.folder.join("internal/capsule.yaml");
        kubeconfig::write(&kubeconfig, &self.ca, &inside, &credentials)?;
        self.launch(&self.recipe().capsule()?)
    }

    /// On an empty store Capsule writes its webhooks some seconds after its own start.
    async fn installed(&self, admin: &Api) -> Result<()> {
        let there = async || {
            for kind in ["mutating", "validating"] {
                let name = capsule::WEBHOOKS;
                admin
                    .get(&format!("{ADMISSION}/{kind}webhookconfigurations/{name}"))
                    .await
                    .ok()??;
            }
            let settings = "/apis/capsule.clastix.io/v1beta2/capsuleconfigurations/default";
            let settings = admin.get(settings).await.ok()??;
            settings["status"]["users"].as_array().map(drop)
        };
        until("Capsule's webhooks", PATIENCE, || self.state.check(), there).await
    }

    async fn prove(&self, admin: &Api) -> Result<()> {
        let account = "/api/v1/namespaces/default/serviceaccounts/default";
        let there = async || admin.get(account).await.ok().flatten().map(drop);
        until(
            "the default account",
            PATIENCE,
            || self.state.check(),
            there,
        )
        .await?;
        let kubenova = self.api("kubenova").await?;
        probe::everything(admin, &kubenova, || self.state.check()).await
    }

    async fn api(&self, identity: &str) -> Result<Api> {
        Api::from_file(&self.folder.join(format!("kubeconfig/{identity}.yaml"))).await
    }

    fn recipe(&self) -> Recipe<'_> {
        let State { network, ports, .. } = self.state;
        Recipe {
            folder: &self.folder,
            assets: self.assets,
            network,
            ports,
        }
    }

    fn launch(&mut self, program: &Program) -> Result<()> {
        let handle = Some(program.start()?);
        self.state.parts.push(Part {
            program: program.clone(),
            handle,
        });
        self.state.save()
    }
}

/// A restarted kwok plays nothing until the node leases of its predecessor end: forget them.
///
/// # Errors
/// When the API server refuses.
pub async fn forget_leases(admin: &Api) -> Result<()> {
    admin
        .delete("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases")
        .await
}

async fn move_hooks(admin: &Api, from: u16, to: u16) -> Result<()> {
    for kind in ["mutating", "validating"] {
        let path = format!(
            "{ADMISSION}/{kind}webhookconfigurations/{}",
            capsule::WEBHOOKS
        );
        if let Some(found) = admin.get(&path).await? {
            let moved = found
                .to_string()
                .replace(&capsule::hook_url(from), &capsule::hook_url(to));
            let moved = serde_json::from_str(&moved).context("move a webhook")?;
            admin.replace(&path, &moved).await?;
        }
    }
    Ok(())
}

fn certificates(folder: &Path, network: Network) -> Result<Authority> {
    let (kept, pki) = (folder.join("kept"), folder.join("pki"));
    let ca = Authority::load_or_create(&kept, "ca")?;
    let front = Authority::load_or_create(&kept, "front-ca")?;
    account_key(&kept)?;
    for file in ["ca.crt", "ca.key", "front-ca.crt", "sa.key", "sa.pub"] {
        files::write_private(&pki.join(file), files::read(&kept.join(file))?)?;
    }
    let serving = ca.serving(&[network.address()])?;
    serving.write(&pki, "serving")?;
    serving.write(&folder.join("hook"), "tls")?;
    let kubelet_client = ca.client("kube-apiserver-kubelet-client", Some("system:masters"))?;
    kubelet_client.write(&pki, "kubelet-client")?;
    front
        .client("front-proxy", None)?
        .write(&pki, "front-proxy")?;
    Ok(ca)
}
