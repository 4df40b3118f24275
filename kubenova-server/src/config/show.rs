//! Prints a configuration as it will be used, secrets masked.

use std::io;

use serde_json::Value;

use super::Config;

impl Config {
    /// Writes one line a key, `section.key = value`, valid as TOML. Secrets are masked.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn show(&self, out: &mut dyn io::Write) -> io::Result<()> {
        let whole = serde_json::to_value(self)?;
        show_below("", &whole, out)
    }
}

fn show_below(at: &str, value: &Value, out: &mut dyn io::Write) -> io::Result<()> {
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                let key = if at.is_empty() {
                    key.clone()
                } else {
                    format!("{at}.{key}")
                };
                show_below(&key, value, out)?;
            }
            Ok(())
        }
        Value::Null => Ok(()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            writeln!(out, "{at} = {value}")
        }
    }
}
