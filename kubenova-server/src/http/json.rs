//! Looks at JSON before anything is built from it: depth, doubled keys, then shape.

mod scan;

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Problem;
pub use scan::MAX_DEPTH;
use scan::scan;

/// Reads a body as `T`.
///
/// # Errors
/// 422 naming the field: malformed JSON, too deep, a doubled key anywhere, or not the shape of `T`.
pub fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    scan(text)?;
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer);
    read.map(|Object(whole)| whole).map_err(|error| {
        let path = error.path().to_string();
        shape(
            if path == "." { "" } else { &path },
            &error.into_inner().to_string(),
        )
    })
}

/// A `T` from an object only: serde would take the fields of a struct from an array too, in their order.
#[derive(Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

struct OnlyMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(entries)).map(Object)
    }
}

/// Turns serde's text about a shape into ours: what it says of values stays inside.
fn shape(path: &str, said: &str) -> Problem {
    let named = |prefix: &str| said.strip_prefix(prefix)?.split('`').nth(1);
    if let Some(name) = named("missing field") {
        let field = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        return Problem::body(shortened(&field), "is required");
    }
    if let Some(name) = named("unknown field") {
        // The path ends in the unknown key already when the key was read before it was refused.
        let field = match path.rsplit('.').next() {
            Some(last) if last == name => path.to_owned(),
            Some("") | None => name.to_owned(),
            Some(_) => format!("{path}.{name}"),
        };
        return Problem::body(shortened(&field), "is not a field of this request");
    }
    let field = if path.is_empty() { "body" } else { path };
    let wanted = said
        .split_once("expected ")
        .map_or("", |(_, wanted)| wanted);
    let wanted = wanted.split(" at line").next().unwrap_or_default();
    let reason = match wanted {
        "a string" => "must be a string",
        "a map" => "must be an object",
        "a sequence" => "must be an array",
        "a boolean" => "must be true or false",
        "u8" | "u16" | "u32" | "u64" => "must be a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "must be a whole number",
        _ => "has the wrong shape",
    };
    Problem::body(shortened(field), reason)
}

/// A field's path as it may appear in an answer: bounded, whatever the caller made of his keys.
fn shortened(path: &str) -> String {
    path.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the shape is read")]
    struct Request {
        roles: Vec<String>,
        #[serde(rename = "ttlSeconds")]
        ttl: Option<u32>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        inner: Option<Box<Self>>,
    }

    fn refused(text: &str) -> (String, String) {
        let problem = parse::<Request>(text.as_bytes()).expect_err(text);
        assert_eq!(problem.status().as_u16(), 422);
        let detail = problem.details().first().expect("names a field").clone();
        (detail.field, detail.reason)
    }

    #[test]
    fn attack_136_a_doubled_key_is_refused_wherever_it_stands() {
        for (text, field) in [
            (r#"{"roles":["readOnly"],"roles":["admin"]}"#, "roles"),
            (
                r#"{"roles":[],"labels":{"a":"1","\u0061":"2"}}"#,
                "labels.a",
            ),
            (r#"{"roles":[{"x":1},{"y":{"z":1,"z":2}}]}"#, "roles[1].y.z"),
        ] {
            assert_eq!(
                refused(text),
                (field.to_owned(), "is given twice".to_owned())
            );
        }
        let many: Vec<_> = (0..40).map(|n| format!("\"k{n}\":\"\"")).collect();
        let text = format!(
            "{{\"roles\":[],\"labels\":{{{},\"k3\":\"\"}}}}",
            many.join(",")
        );
        assert_eq!(refused(&text).0, "labels.k3");
    }

    #[test]
    fn depth_counts_objects_and_arrays_from_one() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(scan(nested(MAX_DEPTH).as_bytes()).is_ok());
        let problem = scan(nested(MAX_DEPTH + 1).as_bytes()).expect_err("one too many");
        assert_eq!(problem.details()[0].reason, "is nested too deeply");
        assert!(
            scan(nested(100_000).as_bytes()).is_err(),
            "and the stack holds"
        );
    }

    #[test]
    fn what_is_no_json_is_said_so() {
        for text in [
            "",
            "{",
            "{}x",
            "{\"a\":01}",
            "'a'",
            "\u{1}",
            "{\"a\":\"\u{0}\"}",
            "[1,]",
        ] {
            assert_eq!(
                refused(text),
                ("body".to_owned(), "is not JSON".to_owned()),
                "{text:?}"
            );
        }
        assert_eq!(
            parse::<Request>(b"{\"a\":\"\xff\"}")
                .unwrap_err()
                .status()
                .as_u16(),
            422
        );
    }

    #[test]
    fn a_wrong_shape_names_its_field() {
        for (text, field, reason) in [
            (
                r#"{"roles":[],"extra":1}"#,
                "extra",
                "is not a field of this request",
            ),
            (
                r#"{"roles":[],"inner":{"roles":[],"x":1}}"#,
                "inner.x",
                "is not a field of this request",
            ),
            ("{}", "roles", "is required"),
            (r#"{"roles":[],"inner":{}}"#, "inner.roles", "is required"),
            (r#"{"roles":"admin"}"#, "roles", "must be an array"),
            (r#"{"roles":[7]}"#, "roles[0]", "must be a string"),
            (
                r#"{"roles":[],"ttlSeconds":1.5}"#,
                "ttlSeconds",
                "must be a whole number that is not negative",
            ),
            (
                r#"{"roles":[],"ttlSeconds":"60"}"#,
                "ttlSeconds",
                "must be a whole number that is not negative",
            ),
            (
                r#"{"roles":[],"ttlSeconds":-1}"#,
                "ttlSeconds",
                "must be a whole number that is not negative",
            ),
            (r#"{"roles":[],"labels":[]}"#, "labels", "must be an object"),
            ("[]", "body", "must be an object"),
            ("null", "body", "must be an object"),
            ("7", "body", "must be an object"),
        ] {
            assert_eq!(
                refused(text),
                (field.to_owned(), reason.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn attack_134_a_body_of_small_objects_is_walked_in_a_stride() {
        let text = format!("[{}{{}}]", "{\"a\":0},".repeat(110_000));
        assert!(scan(text.as_bytes()).is_ok());
        let read = parse::<Request>(text.as_bytes());
        assert_eq!(read.unwrap_err().status().as_u16(), 422);
    }

    #[test]
    fn an_endless_key_does_not_come_back_whole() {
        let key = "k".repeat(100_000);
        assert_eq!(
            refused(&format!("{{\"{key}\":1,\"{key}\":2}}")).0.len(),
            200
        );
        assert!(refused(&format!("{{\"roles\":[],\"{key}\":1}}")).0.len() <= 200);
    }
}
