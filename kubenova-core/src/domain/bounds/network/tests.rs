//! What Kubernetes would take is read, what it would refuse is refused with the path of the field.

use super::*;

fn read(item: Value) -> Result<NetworkPolicies, Vec<FieldError>> {
    NetworkPolicies::parse_items(&[item], "items")
}

#[test]
fn the_full_shape_is_read_and_kept_as_it_was() {
    let spec = json!({
        "podSelector": {"matchLabels": {"app": "web"}, "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["front", ""]},
            {"key": "x.io/legacy", "operator": "DoesNotExist"}]},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"a": "b"}}, "namespaceSelector": {}}],
            "ports": [{"port": 80}, {"protocol": "UDP", "port": "dns"}, {"port": 30000, "endPort": 32767}]}, {}],
        "egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}},
            {"ipBlock": {"cidr": "2001:db8::/32", "except": ["2001:db8:1::/48"]}}]}],
    });
    let read = read(spec.clone()).unwrap();
    assert_eq!(read.specs(), [spec]);
}

/// Each spec has one fault, at this path below the item.
fn faults(of: &[(Value, &str)]) {
    for (spec, field) in of {
        let bad = read(spec.clone()).expect_err(&spec.to_string());
        let fields: Vec<_> = bad.iter().map(|one| one.field.clone()).collect();
        assert_eq!(fields, [format!("items[0]{field}")], "{spec}");
    }
}

#[test]
fn a_spec_of_another_shape_is_named() {
    faults(&[
        (json!([]), ""),
        (json!({}), ".podSelector"),
        (json!({"podSelector": {}, "spec": {}}), ".spec"),
        (
            json!({"podSelector": {}, "policyTypes": ["ingress"]}),
            ".policyTypes[0]",
        ),
        (
            json!({"podSelector": {}, "policyTypes": ["Egress", "Egress"]}),
            ".policyTypes[1]",
        ),
        (json!({"podSelector": {}, "ingress": {}}), ".ingress"),
        (
            json!({"podSelector": {}, "ingress": [{"to": []}]}),
            ".ingress[0].to",
        ),
    ]);
}

#[test]
fn a_selector_that_kubernetes_would_refuse_is_named() {
    let labels = |labels: Value| json!({"podSelector": {"matchLabels": labels}});
    let expression = |one: Value| json!({"podSelector": {"matchExpressions": [one]}});
    let deep = |field: &str| format!(".podSelector.matchExpressions[0].{field}");
    faults(&[
        (labels(json!({"a b": "c"})), ".podSelector.matchLabels.a b"),
        (labels(json!({"a": 1})), ".podSelector.matchLabels.a"),
        (
            expression(json!({"key": "", "operator": "Exists"})),
            &deep("key"),
        ),
        (
            expression(json!({"key": "a", "operator": "Eq"})),
            &deep("operator"),
        ),
        (
            expression(json!({"key": "a", "operator": "In"})),
            &deep("values"),
        ),
        (
            expression(json!({"key": "a", "operator": "Exists", "values": ["b"]})),
            &deep("values"),
        ),
        (
            expression(json!({"key": "a", "operator": "In", "values": ["-"]})),
            &deep("values[0]"),
        ),
    ]);
}

#[test]
fn a_peer_that_kubernetes_would_refuse_is_named() {
    let peer = |peer: Value| json!({"podSelector": {}, "ingress": [{"from": [peer]}]});
    let block =
        |cidr: &str, except: &[&str]| peer(json!({"ipBlock": {"cidr": cidr, "except": except}}));
    let from = ".ingress[0].from[0]";
    let (cidr, except) = (
        format!("{from}.ipBlock.cidr"),
        format!("{from}.ipBlock.except[0]"),
    );
    let both = json!({"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}});
    faults(&[
        (peer(json!({})), from),
        (peer(both), from),
        (block("10.0.0.0", &[]), &cidr),
        (block("10.0.0.0/33", &[]), &cidr),
        (block("10.0.0.0/+8", &[]), &cidr),
        (block("10.0.0.0/8", &["11.0.0.0/16"]), &except),
        (block("10.0.0.0/8", &["10.0.0.0/8"]), &except),
        (block("10.0.0.0/8", &["::/64"]), &except),
    ]);
}

#[test]
fn a_port_that_kubernetes_would_refuse_is_named() {
    let port = |port: Value| json!({"podSelector": {}, "egress": [{"ports": [port]}]});
    let ports = |field: &str| format!(".egress[0].ports[0].{field}");
    faults(&[
        (port(json!({"protocol": "ICMP"})), &ports("protocol")),
        (port(json!({"port": 0})), &ports("port")),
        (port(json!({"port": 70000})), &ports("port")),
        (port(json!({"port": "8080"})), &ports("port")),
        (port(json!({"endPort": 90})), &ports("endPort")),
        (port(json!({"port": 90, "endPort": 80})), &ports("endPort")),
    ]);
}

#[test]
fn there_is_an_end_to_it() {
    let one = json!({"podSelector": {}});
    assert!(NetworkPolicies::parse_items(&vec![one.clone(); 32], "items").is_ok());
    assert!(NetworkPolicies::parse_items(&vec![one; 33], "items").is_err());
    let ports = vec![json!({}); 129];
    let bad = read(json!({"podSelector": {}, "ingress": [{"ports": ports}]})).unwrap_err();
    assert_eq!(bad[0].field, "items[0].ingress[0].ports");
    let noise: serde_json::Map<_, _> = (0..1000).map(|n| (format!("k{n}"), json!(1))).collect();
    assert!(
        read(Value::Object(noise)).unwrap_err().len() <= 32,
        "faults are bounded"
    );
    assert_eq!(
        NetworkPolicies::parse_items(&[], "items"),
        Ok(NetworkPolicies::None)
    );
}
