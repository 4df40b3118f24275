//! Access proxies: what kubeconfigs of each kind hold, and what verification says.

use std::collections::BTreeMap;

use super::kit::{backends, behind, ok, registered};
use super::{Address, FleetGround};
use crate::domain::cluster::ProxyKind;
use crate::ports::proxy::KubeconfigParts;
use crate::simulation::base64;
use crate::testing::build::name;
use crate::value::{Name, Secret};

const USER: &str = "dev: \"x\"\n# {{y}}, exec: 'z' \\ \t\u{7f} é";
const TOKEN: &str = "canary.token-_.x";

fn expected(address: &Address, namespace: Option<&Name>) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut put = |path: &str, value: &str| all.insert(path.to_owned(), value.to_owned());
    put("apiVersion", "v1");
    put("kind", "Config");
    put("current-context", "c1");
    put("clusters.0.name", "c1");
    put("clusters.0.cluster.server", &address.url);
    if let Some(pem) = &address.ca_pem {
        let data = base64(pem.as_bytes());
        put("clusters.0.cluster.certificate-authority-data", &data);
    }
    put("users.0.name", USER);
    put("users.0.user.token", TOKEN);
    put("contexts.0.name", "c1");
    put("contexts.0.context.cluster", "c1");
    put("contexts.0.context.user", USER);
    if let Some(namespace) = namespace {
        put("contexts.0.context.namespace", namespace.as_str());
    }
    all
}

/// One cluster, user and context, https, the CA, and nothing else, whatever the parts hold (attacks 76, 114).
pub async fn kubeconfigs_hold_exactly_their_parts(on: &dyn FleetGround) {
    for kind in [
        ProxyKind::Direct,
        ProxyKind::Custom,
        ProxyKind::CapsuleProxy,
    ] {
        let address = match kind {
            ProxyKind::Direct => on.home(),
            ProxyKind::Custom | ProxyKind::CapsuleProxy => on.front(),
        };
        let proxy = (kind != ProxyKind::Direct).then(|| behind(address.clone(), kind));
        let cluster = registered(on, proxy).await;
        let found = ok(backends(on, &cluster).await);
        assert_eq!(found.proxy.kind(), kind);
        for namespace in [None, Some(name("acme-web"))] {
            let parts = KubeconfigParts {
                cluster_name: name("c1"),
                user_name: USER.to_owned(),
                namespace: namespace.clone(),
                token: Secret::new(TOKEN),
            };
            let made = ok(found.proxy.kubeconfig(parts).await);
            assert_eq!(on.values(&made), expected(&address, namespace.as_ref()));
        }
        on.fleet().forget(cluster.id);
    }
}

/// The direct way is always ready, and says what it lacks by its reason.
pub async fn the_direct_way_is_ready(on: &dyn FleetGround) {
    let cluster = registered(on, None).await;
    let report = ok(ok(backends(on, &cluster).await).proxy.verify().await);
    assert_eq!((report.ready, report.reason), (true, "Direct"));
}

/// A custom proxy is ready while it answers.
pub async fn a_custom_proxy_answers_or_not(on: &dyn FleetGround) {
    let proxy = behind(on.front(), ProxyKind::Custom);
    let cluster = registered(on, Some(proxy)).await;
    let report = ok(ok(backends(on, &cluster).await).proxy.verify().await);
    assert_eq!((report.ready, report.reason), (true, "Answering"));
    let silenced = on.silenced().await;
    let report = ok(ok(backends(on, &silenced).await).proxy.verify().await);
    assert_eq!((report.ready, report.reason), (false, "Unreachable"));
    assert!(!report.message.is_empty());
}
