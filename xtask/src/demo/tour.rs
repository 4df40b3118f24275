//! The tour, step by step: there (until everything stands) and back (until nothing is left).

mod access;
mod begin;
mod end;
mod proof;
mod tenancy;

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::api::{Api, Call};
use super::ground::Ground;
use super::inventory::Inventory;
use super::print;
use super::server::Server;
use crate::host::{files, say};
use crate::{Context as _, Result};

/// Names that the tour uses.
const CLUSTER: &str = "demo";
const TENANT: &str = "acme";
const PROJECT: &str = "web";
const NAMESPACE: &str = "acme-web";

/// How long the cluster may take to follow.
const PATIENCE: Duration = Duration::from_secs(30);

/// A kubeconfig that was issued.
#[derive(Clone, Debug)]
struct Issued {
    role: &'static str,
    file: PathBuf,
    grant: String,
}

/// A tour under way.
#[derive(Debug)]
pub(super) struct Tour<'a> {
    ground: &'a Ground,
    /// Called with the first admin token.
    admin: Api,
    folder: &'a Path,
    before: Option<Inventory>,
    /// Uids, known once they are made.
    tenant: String,
    project: String,
    issued: Vec<Issued>,
}

impl<'a> Tour<'a> {
    /// Reads the first token, and takes an inventory of the cluster before anything is done to it.
    ///
    /// # Errors
    /// When there is no token, or the cluster does not answer.
    pub(super) async fn prepare(
        ground: &'a Ground,
        server: &Server,
        folder: &'a Path,
    ) -> Result<Self> {
        print::step("the first admin token");
        let token = files::read(server.token_file())?;
        say::result(format!(
            "   from {} (readable by its owner alone)",
            server.token_file().display()
        ));
        let before = match ground.real() {
            Some(real) => Some(
                Inventory::take(&real.kubectl, &real.admin)
                    .await
                    .context("step take an inventory")?,
            ),
            None => None,
        };
        Ok(Self {
            ground,
            admin: Api::new(server.url()).as_caller("admin", &token),
            folder,
            before,
            tenant: String::new(),
            project: String::new(),
            issued: Vec::new(),
        })
    }

    /// Everything up to a developer who works in his project, with proofs.
    ///
    /// # Errors
    /// At the first answer or proof that is not as it must be; the step is named.
    pub(super) async fn there(&mut self) -> Result<()> {
        step("who am I, what is this", begin::who(self)).await?;
        step("register a cluster", begin::register(self)).await?;
        step("what the cluster can do", begin::capabilities(self)).await?;
        step("bootstrap tenancy", begin::bootstrap(self)).await?;
        step("create the tenant acme", tenancy::create_tenant(self)).await?;
        step("list, get, change owners", tenancy::read_and_change(self)).await?;
        step("create the project web", tenancy::create_project(self)).await?;
        step("what bounds the tenant", tenancy::bound_tenant(self)).await?;
        step("access for a developer", access::members(self)).await?;
        step("kubeconfigs", access::kubeconfigs(self)).await?;
        step("kubectl with each kubeconfig", proof::kubectl(self)).await?;
        step("revoke a kubeconfig", access::revoke(self)).await?;
        step("drift is repaired", proof::drift(self)).await
    }

    /// Everything deleted in reverse, and the cluster as it was before.
    ///
    /// # Errors
    /// At the first answer or proof that is not as it must be; the step is named.
    pub(super) async fn back(&mut self) -> Result<()> {
        step("delete all in reverse", end::delete(self)).await?;
        step("nothing is left behind", end::compare(self)).await
    }

    /// After a failure: tries to leave nothing behind, and says nothing when there is nothing to delete.
    pub(super) async fn rescue(&self) {
        let tenant = Call::delete(format!("{}?cascade=true", tenant())).wait(20);
        let cluster = Call::delete(cluster()).wait(20);
        for call in [tenant, cluster] {
            let _ = self.admin.call(call.quietly()).await;
        }
    }

    /// Files of the kubeconfigs that still open something.
    pub(super) fn kubeconfigs(&self) -> Vec<PathBuf> {
        self.issued.iter().map(|one| one.file.clone()).collect()
    }

    fn of(&self, role: &str) -> Result<&Issued> {
        let found = self.issued.iter().find(|one| one.role == role);
        found.context(format!("no kubeconfig for {role}"))
    }
}

async fn step(name: &str, does: impl Future<Output = Result<()>>) -> Result<()> {
    print::step(name);
    does.await.context(format!("step {name}"))
}

fn cluster() -> String {
    format!("/clusters/{CLUSTER}")
}

fn tenant() -> String {
    format!("{}/tenants/{TENANT}", cluster())
}

fn project() -> String {
    format!("{}/projects/{PROJECT}", tenant())
}

fn is_deployed(object: &Value) -> bool {
    object["status"]["phase"] == "Deployed"
}

/// Whether an object has this condition with status `True`.
fn is_true(object: &Value, kind: &str) -> bool {
    let conditions = object["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|one| one["type"] == kind && one["status"] == "True")
}

/// What a route answers whose object is gone.
const GONE: StatusCode = StatusCode::NOT_FOUND;
