//! The way back: everything deleted in reverse, and the cluster compared with what it was.

use std::time::{Duration, Instant};

use http::StatusCode;
use serde_json::json;

use super::{GONE, PATIENCE, Tour, cluster, project, tenant};
use crate::demo::api::{Call, demand};
use crate::demo::inventory::Inventory;
use crate::demo::print;
use crate::{Failure, Result};

pub(super) async fn delete(tour: &mut Tour<'_>) -> Result<()> {
    let admin = &tour.admin;
    for one in &tour.issued {
        let call = Call::delete(format!("/grants/{}", one.grant)).want(StatusCode::OK);
        admin.call(call).await?;
    }
    tour.issued.clear();
    let refused = Call::delete(tenant()).want(StatusCode::CONFLICT);
    admin.call(refused).await?;
    print::note("a tenant with projects is not deleted unless asked to (?cascade=true)");
    for path in [project(), tenant(), cluster()] {
        admin.call(Call::delete(path.as_str()).wait(60)).await?;
        admin.call(Call::get(path).want(GONE)).await?;
    }
    let left = admin.call(Call::get("/clusters")).await?;
    demand(left == json!([]), "no cluster is left", &left)
}

pub(super) async fn compare(tour: &Tour<'_>) -> Result<()> {
    let (Some(real), Some(before)) = (tour.ground.real(), &tour.before) else {
        print::note("the server knows no cluster any more");
        return Ok(());
    };
    let begun = Instant::now();
    loop {
        let after = Inventory::take(&real.kubectl, &real.admin).await?;
        let changes = before.changes(&after);
        if changes.is_empty() {
            let count = after.len();
            print::note(format!(
                "all {count} objects are those from before, and no other"
            ));
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            let changes = changes.join("\n");
            return Err(Failure::new(format!("the cluster differs:\n{changes}")));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
