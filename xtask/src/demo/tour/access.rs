//! Who may work in a project: members, kubeconfigs, and their end.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Issued, NAMESPACE, PATIENCE, PROJECT, Tour, is_deployed, project};
use crate::demo::api::{Api, Call, demand, text};
use crate::demo::kubectl::Ending;
use crate::demo::print;
use crate::host::{files, say};
use crate::{Context as _, Failure, Result};

/// How long a revoked credential may still be known: the API server keeps what it checked for 10 s.
const DEAD_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn members(tour: &Tour<'_>) -> Result<()> {
    let path = format!("{}/access", project());
    let body = json!({"members": [{"subject": "dev", "role": "projectDev"}]});
    tour.admin
        .call(Call::put(path.as_str(), body).wait(30))
        .await?;
    let access = tour.admin.call(Call::get(path)).await?;
    demand(
        access["members"][0]["subject"] == "dev",
        "dev is a member",
        &access,
    )?;
    tour.admin.until(&project(), PATIENCE, is_deployed).await?;
    if let Some(real) = tour.ground.real() {
        let words = format!("-n {NAMESPACE} get rolebindings -o wide");
        real.kubectl
            .prove(&real.admin, &words, Ending::Done)
            .await?;
    }
    Ok(())
}

pub(super) async fn kubeconfigs(tour: &mut Tour<'_>) -> Result<()> {
    let path = format!("/tenants/{}/kubeconfig", tour.tenant);
    let admin = tour.admin.clone();
    let call = Call::post(path.as_str(), json!({"role": "readOnly"}));
    keep(tour, &admin, call, "readOnly").await?;
    let call = Call::post(
        path.as_str(),
        json!({"role": "tenantOwner", "ttlSeconds": 3600}),
    );
    keep(tour, &admin, call, "tenantOwner").await?;

    let body = json!({"role": "projectDev"});
    let refused = Call::post(path.as_str(), body).want(StatusCode::UNPROCESSABLE_ENTITY);
    let refused = admin.call(refused).await?;
    let named = refused["details"][0]["field"] == "project";
    demand(named, "the refusal names the field", &refused)?;

    say::result("   dev gets an API token of his own, and his kubeconfig with it");
    let body = json!({"subject": "dev", "roles": ["projectDev"],
        "tenant": tour.tenant, "projects": [tour.project]});
    let token = admin.call(Call::post("/tokens", body)).await?;
    let dev = admin.as_caller("dev", &text(&token, "/token")?);
    dev.call(Call::get("/me")).await?;
    let call = Call::post(
        path.as_str(),
        json!({"role": "projectDev", "project": PROJECT}),
    );
    keep(tour, &dev, call, "projectDev").await?;
    let refused = Call::post(path, json!({"role": "tenantOwner", "project": PROJECT}));
    dev.call(refused.want(StatusCode::FORBIDDEN))
        .await
        .map(drop)
}

/// Writes an issued kubeconfig into a private file.
async fn keep(tour: &mut Tour<'_>, who: &Api, call: Call, role: &'static str) -> Result<()> {
    let answer = who.call(call).await?;
    let document = STANDARD.decode(text(&answer, "/kubeconfig")?);
    let document = document.context("the kubeconfig is base64")?;
    let file = tour.folder.join(format!("{role}.yaml"));
    files::write_private(&file, document)?;
    let grant = text(&answer, "/grantId")?;
    tour.issued.push(Issued { role, file, grant });
    Ok(())
}

pub(super) async fn revoke(tour: &mut Tour<'_>) -> Result<()> {
    let list = Call::get(format!("/grants?tenant={}&state=active", tour.tenant));
    let list = tour.admin.call(list).await?;
    let active = list.as_array().map_or(0, Vec::len);
    demand(active == 3, "three grants are active", &list)?;
    let readonly = tour.of("readOnly")?.clone();
    let path = format!("/grants/{}", readonly.grant);
    let call = Call::delete(path.as_str()).want(StatusCode::OK);
    let asked = Instant::now();
    let revoked = tour.admin.call(call).await?;
    demand(revoked["state"] == "revoked", "it is revoked", &revoked)?;
    if tour.ground.real().is_some() {
        falls_silent(tour, &readonly, asked).await?;
    }
    let dead = |grant: &Value| grant["revocation"]["credentialDeadAt"].is_string();
    tour.admin.until(&path, DEAD_WITHIN, dead).await?;
    tour.issued.retain(|one| one.role != "readOnly");
    Ok(())
}

/// kubectl with the revoked kubeconfig: first 403 (the binding is cut), then 401 (the credential is dead).
async fn falls_silent(tour: &Tour<'_>, one: &Issued, asked: Instant) -> Result<()> {
    let Some(real) = tour.ground.real() else {
        return Ok(());
    };
    let words = format!("-n {NAMESPACE} get pods");
    let mut cut = None;
    loop {
        let ran = real.kubectl.run(&one.file, &words).await?;
        let after = asked.elapsed();
        match ran.ending {
            Ending::Forbidden if cut.is_none() => {
                cut = Some(after);
                print::note(format!(
                    "403 seen {} ms after the request",
                    after.as_millis()
                ));
            }
            Ending::Unauthorized => {
                print::note(format!(
                    "401 seen {} ms after the request",
                    after.as_millis()
                ));
                real.kubectl
                    .prove(&one.file, &words, Ending::Unauthorized)
                    .await?;
                return Ok(());
            }
            Ending::Done if cut.is_some() => {
                return Err(Failure::new("a cut kubeconfig opens something again"));
            }
            Ending::Done | Ending::Forbidden => {}
            Ending::Missing | Ending::Broken => {
                return Err(Failure::new(format!("kubectl ended strangely: {ran:?}")));
            }
        }
        if after > DEAD_WITHIN {
            return Err(Failure::new(format!(
                "no 401 within {} s",
                DEAD_WITHIN.as_secs()
            )));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
