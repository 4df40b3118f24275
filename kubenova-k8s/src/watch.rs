//! One watch per kind and cluster: foreign changes of what is ours become signals for the work set.

mod echo;
mod signal;

pub(crate) use echo::Echo;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_kind};
use kubenova_core::domain::credential::PLATFORM_NAMESPACE;
use kubenova_core::ports::cluster::Signal;

use crate::manifest::labels;
use crate::tenancy::call::{
    ACCOUNT, BINDING, CLUSTER_ROLE, CONFIGURATION, Kind, NAMESPACE, OWNER, SECRET, TENANT,
};

/// Watches everything of ours. Each watch heals itself with backoff; a list after a gap says [`Signal::Resync`].
pub(crate) fn signals(client: &Client, echo: &Arc<Echo>) -> BoxStream<'static, Signal> {
    let watched = [
        (NAMESPACE, None, labels::OURS),
        (BINDING, None, labels::OURS),
        (CLUSTER_ROLE, None, labels::OURS),
        (TENANT, None, labels::OURS),
        (OWNER, None, labels::OURS),
        (ACCOUNT, Some(PLATFORM_NAMESPACE), labels::OURS),
        (SECRET, Some(PLATFORM_NAMESPACE), labels::OURS),
        (CONFIGURATION, None, ""),
    ];
    let streams = watched.map(|(kind, namespace, selector)| {
        one(kind, namespace, selector, client.clone(), Arc::clone(echo))
    });
    stream::select_all(streams).boxed()
}

fn one(
    kind: Kind,
    namespace: Option<&str>,
    selector: &str,
    client: Client,
    echo: Arc<Echo>,
) -> BoxStream<'static, Signal> {
    let api = match namespace {
        Some(namespace) => kind.within(client, namespace),
        None => kind.all(client),
    };
    let config = watcher::Config::default().labels(selector).page_size(500);
    let events = watch_kind(api, config).default_backoff();
    let mut lists = 0_u32;
    events
        .filter_map(move |event| {
            let signal = event
                .ok()
                .and_then(|event| told(kind, event, &echo, &mut lists));
            std::future::ready(signal)
        })
        .boxed()
}

fn told(kind: Kind, event: Event<DynamicObject>, echo: &Echo, lists: &mut u32) -> Option<Signal> {
    match event {
        Event::Init => {
            *lists += 1;
            // The first list is the start; a later one means that changes may have been missed.
            (*lists > 1).then_some(Signal::Resync)
        }
        Event::InitApply(object) => {
            echo.remember(kind, &object);
            None
        }
        Event::InitDone => None,
        Event::Apply(object) => echo
            .is_news(kind, &object)
            .then(|| signal::of(kind, &object))
            .flatten(),
        Event::Delete(object) => echo
            .was_known(kind, &object)
            .then(|| signal::of(kind, &object))
            .flatten(),
    }
}
