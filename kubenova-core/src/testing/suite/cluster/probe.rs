//! What a cluster says of itself.

use super::Ground;
use super::kit::ok;

/// Identity, version and rights are told, and stay what they are.
pub async fn describes_itself(on: &dyn Ground) {
    let seen = ok(on.cluster().inspect().await);
    assert!(!seen.identity.is_empty() && seen.version.starts_with('v'));
    assert_eq!(seen.missing_rights, Vec::<String>::new());
    assert!(!seen.all_powerful);
    assert_eq!(ok(on.cluster().inspect().await), seen);
}

/// What is served has a version, and Kubernetes' is the one that inspection tells.
pub async fn tells_its_capabilities(on: &dyn Ground) {
    let found = ok(on.cluster().capabilities().await);
    let seen = ok(on.cluster().inspect().await);
    assert_eq!(found.versions.get("kubernetes"), Some(&seen.version));
    assert!(found.tenancy);
    let capsule = found.versions.get("capsule.clastix.io");
    assert_eq!(capsule.map(String::as_str), Some("v1beta2"));
    assert_eq!(found.vela, found.versions.contains_key("core.oam.dev"));
}

/// Capsule works for us, also where there is nothing to repair.
pub async fn has_a_tenancy_that_works(on: &dyn Ground) {
    for repair in [false, true, false] {
        let report = ok(on.cluster().tenancy(repair).await);
        assert!(report.ready, "{report:?}");
        assert!(!report.message.is_empty());
        let plain = report.reason.bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(plain && report.reason.starts_with(char::is_uppercase));
    }
}
