//! Watches every cluster for foreign changes of what is ours and turns them into work.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use futures::StreamExt as _;
use tokio::{task::JoinSet, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use kubenova_core::{
    Error,
    change::{Work, WorkRequest},
    domain::service::Ports,
    ports::cluster::Signal,
    value::{ClusterId, Ref},
};

use crate::http::chain;

/// The list of clusters is read at most this often, when something was committed.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// And at least this often.
const LOOK_ANYWAY: Duration = Duration::from_secs(15);

/// Before a watch that ended is begun anew.
const REWATCH: Duration = Duration::from_secs(2);

/// Signals that arrive together are asked for together.
const TOGETHER: usize = 256;

/// After a gap in a watch the cluster's objects are looked at within this time.
const RESYNC: Duration = Duration::from_secs(10);

/// Keeps one watch per cluster until told to stop.
pub async fn watch_drift(ports: Ports, stop: CancellationToken) {
    let mut watches: HashMap<ClusterId, CancellationToken> = HashMap::new();
    let mut running = JoinSet::new();
    loop {
        match ports.store.cluster_ids().await {
            Ok(ids) => {
                let ids: HashSet<_> = ids.into_iter().collect();
                watches.retain(|id, watch| {
                    let stays = ids.contains(id);
                    if !stays {
                        watch.cancel();
                        ports.fleet.forget(*id);
                    }
                    stays
                });
                for id in ids {
                    watches.entry(id).or_insert_with(|| {
                        let watch = stop.child_token();
                        running.spawn(watch_one(ports.clone(), id, watch.clone()));
                        watch
                    });
                }
            }
            Err(error) => warn!(error = %chain(&error), "Could not list clusters to watch"),
        }
        while running.try_join_next().is_some() {}
        if stop.run_until_cancelled(change(&ports)).await.is_none() {
            break;
        }
    }
    while running.join_next().await.is_some() {}
}

/// Ends when the list of clusters may have changed.
async fn change(ports: &Ports) {
    sleep(LOOK_AGAIN).await;
    tokio::select! {
        () = ports.store.woken() => {}
        () = sleep(LOOK_ANYWAY) => {}
    }
}

/// Watches one cluster until told to stop, whatever happens to it.
async fn watch_one(ports: Ports, id: ClusterId, stop: CancellationToken) {
    loop {
        let watched = async {
            if let Err(error) = follow(&ports, id).await {
                debug!(cluster.id = %id, error = %chain(&error), "The watch of a cluster ended");
            }
            sleep(REWATCH).await;
        };
        if stop.run_until_cancelled(watched).await.is_none() {
            return;
        }
    }
}

/// Follows the signals of one cluster until they end.
async fn follow(ports: &Ports, id: ClusterId) -> Result<(), Error> {
    let Some(cluster) = ports.store.cluster(&Ref::Id(id.uuid())).await? else {
        return Ok(());
    };
    let backends = ports.fleet.backends(&cluster).await.map_err(Error::away)?;
    let mut signals = backends.cluster.watch(id).ready_chunks(TOGETHER);
    while let Some(together) = signals.next().await {
        let now = |item| WorkRequest {
            item,
            cluster: id,
            after: Duration::ZERO,
        };
        let mut items = Vec::new();
        for signal in together {
            match signal {
                Signal::Changed(item) => items.push(now(item)),
                Signal::Platform => items.push(now(Work::Cluster(id))),
                Signal::Resync => ports.store.ask_everything(Some(id), RESYNC).await?,
            }
        }
        items.sort_unstable_by_key(|request| request.item);
        items.dedup_by_key(|request| request.item);
        if !items.is_empty() {
            ports.store.ask(items).await?;
        }
    }
    Ok(())
}
