//! How requests, answers and outputs are shown: JSON one key a line, credentials and long texts shortened.

use serde_json::Value;

use crate::host::say;

/// Texts longer than this are shortened; ids, names and sentences of conditions are not.
const LONGEST: usize = 160;
/// Outputs of programs are cut after this many lines.
const LINES: usize = 12;
/// And their lines after this many characters.
const COLUMNS: usize = 200;
/// Fields that hold credentials, at any depth.
const CREDENTIALS: [&str; 2] = ["kubeconfig", "token"];

/// Opens a step.
pub(super) fn step(name: &str) {
    say::result(format!("\n━━ {name}"));
}

/// One remark on what was seen.
pub(super) fn note(text: impl AsRef<str>) {
    say::result(format!("   ✓ {}", text.as_ref()));
}

/// A value below the line that announced it.
pub(super) fn json(value: &Value) {
    if !value.is_null() {
        say::result(layout(&shortened(value)));
    }
}

/// What a program printed, indented.
pub(super) fn output(text: &str) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    for line in lines.iter().take(LINES) {
        let shown: String = line.chars().take(COLUMNS).collect();
        let more = if shown.len() < line.len() { "…" } else { "" };
        say::result(format!("     {shown}{more}"));
    }
    if lines.len() > LINES {
        say::result(format!("     … {} more lines", lines.len() - LINES));
    }
}

/// Objects have a line a key, lists of objects a block an entry; what lies deeper stays on its line.
fn layout(value: &Value) -> String {
    match value {
        Value::Array(entries) if entries.iter().any(Value::is_object) => entries
            .iter()
            .map(layout)
            .collect::<Vec<_>>()
            .join("\n     ─\n"),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| format!("     {key}: {value}"))
            .collect::<Vec<_>>()
            .join("\n"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            format!("     {value}")
        }
    }
}

/// The same value without credentials and without texts that fill the screen.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let short = |(key, value): (&String, &Value)| {
                let secret = value
                    .as_str()
                    .filter(|_| CREDENTIALS.contains(&key.as_str()));
                let value = secret.map_or_else(|| shortened(value), |text| cut(text, 12));
                (key.clone(), value)
            };
            Value::Object(fields.iter().map(short).collect())
        }
        Value::Array(entries) => Value::Array(entries.iter().map(shortened).collect()),
        Value::String(text) if text.chars().count() > LONGEST => cut(text, 60),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn cut(text: &str, keep: usize) -> Value {
    let length = text.chars().count();
    let head: String = text.chars().take(keep.min(length / 2)).collect();
    Value::String(format!("{head}… ({length} characters)"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_are_never_whole() {
        let token = "x".repeat(20);
        let seen = shortened(&json!([{"token": token, "in": {"kubeconfig": "short"}}])).to_string();
        assert!(
            !seen.contains(&token) && !seen.contains("\"short\""),
            "{seen}"
        );
        assert!(seen.contains("(20 characters)"), "{seen}");
    }

    #[test]
    fn ordinary_values_stay() {
        let value = json!({"name": "acme", "owners": ["alice"], "status": {"phase": "Deployed"}});
        assert_eq!(shortened(&value), value);
        assert_eq!(
            layout(&value),
            "     name: \"acme\"\n     owners: [\"alice\"]\n     status: {\"phase\":\"Deployed\"}"
        );
    }
}
