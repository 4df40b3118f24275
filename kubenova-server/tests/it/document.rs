//! The OpenAPI document: complete, and equal to the one that is checked in.

use std::collections::BTreeSet;

use serde_json::Value;

use kubenova_server::http::router::{self, OPERATIONS};

fn document() -> Value {
    serde_json::from_str(&router::document()).unwrap()
}

#[test]
fn it_equals_the_document_that_is_checked_in() {
    let kept = include_str!("../../../docs/openapi.json");
    assert!(
        kept == router::document(),
        "docs/openapi.json is not what the server says: kubenova-server openapi > docs/openapi.json"
    );
}

#[test]
fn it_holds_exactly_the_operations_of_the_router() {
    let document = document();
    let mut told = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            told.insert((method.to_uppercase(), path.clone()));
        }
    }
    let routed = OPERATIONS
        .iter()
        .map(|one| (one.method.to_owned(), one.path.to_owned()));
    assert_eq!(told, routed.collect());
}

#[test]
fn every_operation_has_a_name_and_described_answers() {
    let (document, mut names) = (document(), BTreeSet::new());
    for one in OPERATIONS {
        let told = &document["paths"][one.path][one.method.to_lowercase()];
        let name = told["operationId"].as_str().expect(one.path);
        assert!(names.insert(name.to_owned()), "{name} twice");
        let answers = told["responses"].as_object().unwrap();
        assert!(
            answers
                .values()
                .all(|answer| answer["description"].is_string())
        );
        assert_eq!(
            answers.contains_key("401"),
            one.action.is_some(),
            "{}",
            one.path
        );
        let open = told["security"] == serde_json::json!([{}]);
        assert_eq!(open, one.action.is_none(), "{}", one.path);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn visit(value: &Value, document: &Value) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(to)) = map.get("$ref") {
                    assert!(
                        document.pointer(to.trim_start_matches('#')).is_some(),
                        "{to}"
                    );
                }
                map.values().for_each(|value| visit(value, document));
            }
            Value::Array(list) => list.iter().for_each(|value| visit(value, document)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document();
    visit(&document, &document);
}
