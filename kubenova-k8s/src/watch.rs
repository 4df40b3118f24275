//! One watch per kind and cluster: foreign changes of what is ours become signals for the work set.

mod echo;
mod feed;
mod signal;

pub(crate) use echo::Echo;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use kube::Client;
use kube::runtime::{WatchStreamExt, watcher};

use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::Signal;

use crate::manifest::labels;
use crate::tenancy::call::{
    ACCOUNT, BINDING, CLUSTER_ROLE, CONFIGURATION, Kind, NAMESPACE, OWNER, SECRET, TENANT,
};
use feed::Feed;

/// Watches everything of ours. Each watch heals itself with backoff; a list after a gap says [`Signal::Resync`].
pub(crate) fn signals(client: &Client, echo: &Arc<Echo>) -> BoxStream<'static, Signal> {
    let watched = [
        (NAMESPACE, None, Some(labels::OURS)),
        (BINDING, None, Some(labels::OURS)),
        (CLUSTER_ROLE, None, Some(labels::OURS)),
        (TENANT, None, Some(labels::OURS)),
        (OWNER, None, Some(labels::OURS)),
        (ACCOUNT, Some(PLATFORM_NAMESPACE), Some(labels::OURS)),
        (SECRET, Some(PLATFORM_NAMESPACE), Some(labels::OURS)),
        // Capsule's, not ours: who its administrators are decides what we may do.
        (CONFIGURATION, None, None),
    ];
    let streams = watched.map(|(kind, namespace, selector)| {
        one(kind, namespace, selector, client.clone(), Arc::clone(echo))
    });
    stream::select_all(streams).boxed()
}

fn one(
    kind: Kind,
    namespace: Option<&str>,
    selector: Option<&str>,
    client: Client,
    echo: Arc<Echo>,
) -> BoxStream<'static, Signal> {
    let api = match namespace {
        Some(namespace) => kind.within(client, namespace),
        None => kind.all(client),
    };
    let mut config = watcher::Config::default().page_size(500);
    config.label_selector = selector.map(str::to_owned);
    let events = watcher(api, config).default_backoff();
    let mut feed = Feed::new(kind, echo);
    events
        .filter_map(move |event| std::future::ready(feed.told(event)))
        .boxed()
}
