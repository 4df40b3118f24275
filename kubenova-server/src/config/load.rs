//! Reads the configuration: defaults, then a file, then the environment, then flags.

use std::{fs, path::PathBuf};

use figment::{
    Error as FigmentError, Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};

use super::{Config, StoreUrl};

/// Every setting with its default and what it means; compiled in, so documentation and defaults agree.
pub(crate) const DEFAULTS: &str = include_str!("../../config.default.toml");

const ENV_PREFIX: &str = "KUBENOVA__";

/// Where settings come from, besides the defaults. Later sources win.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables; those without the prefix `KUBENOVA__` are passed over.
    pub env: Vec<(String, String)>,
    /// `section.key=value`, from the command line.
    pub sets: Vec<String>,
}

/// The configuration cannot be used. One line that names the key; never a value that may be secret.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct ConfigError {
    /// The full key, as `http.listen`, or what else is to blame.
    pub key: String,
    /// What is wrong with it.
    pub reason: String,
}

impl ConfigError {
    /// A refusal of `key`.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            reason: reason.into(),
        }
    }
}

impl Sources {
    /// Takes the environment of the process.
    #[must_use]
    pub fn with_process_env(mut self) -> Self {
        self.env = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(key, _)| key.starts_with(ENV_PREFIX))
            .collect();
        self
    }

    /// Reads all sources, then checks what they say together.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first key that is unknown, of a wrong shape or refused.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        let mut given_url = false;
        if let Some(path) = &self.file {
            let text = fs::read_to_string(path)
                .map_err(|e| ConfigError::new("--config", format!("{}: {e}", path.display())))?;
            let layer = Figment::from(Toml::string(&text));
            given_url |= layer.find_value("store.url").is_ok();
            figment = figment.merge(Named(path.display().to_string(), layer));
        }
        let mut single: Vec<Single> = Vec::new();
        for (name, value) in &self.env {
            let Some(rest) = name.strip_prefix(ENV_PREFIX) else {
                continue;
            };
            let key = rest.to_ascii_lowercase().replace("__", ".");
            single.push(Single::parse(name.clone(), key, value)?);
        }
        for set in &self.sets {
            let (key, value) = set
                .split_once('=')
                .ok_or_else(|| ConfigError::new("--set", "wants section.key=value"))?;
            single.push(Single::parse(
                "--set".to_owned(),
                key.trim().to_owned(),
                value,
            )?);
        }
        for layer in single {
            given_url |= layer.key == "store.url";
            figment = figment.merge(layer);
        }
        let mut config: Config = figment.extract().map_err(|e| explain(&e))?;
        config.read_url_file(given_url)?;
        config.check()?;
        Ok(config)
    }
}

impl Config {
    /// Puts the content of `store.url_file` in the place of `store.url`.
    fn read_url_file(&mut self, given_url: bool) -> Result<(), ConfigError> {
        let Some(path) = &self.store.url_file else {
            return Ok(());
        };
        if given_url {
            return Err(ConfigError::new(
                "store.url_file",
                "stands beside store.url: give one",
            ));
        }
        let text = fs::read_to_string(path)
            .map_err(|e| ConfigError::new("store.url_file", format!("{}: {e}", path.display())))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        self.store.url = StoreUrl::from(line.to_owned());
        Ok(())
    }
}

/// A layer that errors name by its file.
struct Named(String, Figment);

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, FigmentError> {
        self.1.data()
    }
}

/// One key from the environment or the command line.
struct Single {
    source: String,
    key: String,
    value: Value,
}

impl Single {
    /// Reads `text` as a TOML array or string, a boolean, a whole number, or as it stands.
    fn parse(source: String, key: String, text: &str) -> Result<Self, ConfigError> {
        let value = if text.starts_with(['[', '"']) {
            let line = format!("value = {text}");
            Figment::from(Toml::string(&line))
                .find_value("value")
                .map_err(|_| ConfigError::new(key.clone(), format!("no TOML value ({source})")))?
        } else if let Ok(flag) = text.parse::<bool>() {
            Value::from(flag)
        } else if let Ok(number) = text.parse::<i64>() {
            Value::from(number)
        } else {
            Value::from(text)
        };
        Ok(Self { source, key, value })
    }
}

impl Provider for Single {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.source.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, FigmentError> {
        let dict = match figment::util::nest(&self.key, self.value.clone()) {
            Value::Dict(_, dict) => dict,
            Value::String(..)
            | Value::Char(..)
            | Value::Bool(..)
            | Value::Num(..)
            | Value::Empty(..)
            | Value::Array(..) => Dict::new(),
        };
        Ok(Profile::Default.collect(dict))
    }
}

/// Turns figment's first error into one line that names the whole key and its source, not its value.
fn explain(error: &FigmentError) -> ConfigError {
    let mut path = error.path.clone();
    let reason = match &error.kind {
        Kind::UnknownField(name, _) => {
            path.push(name.clone());
            path.dedup();
            "unknown key".to_owned()
        }
        Kind::MissingField(name) => {
            path.push(name.to_string());
            "missing".to_owned()
        }
        Kind::DuplicateField(name) => {
            path.push((*name).to_owned());
            "given twice".to_owned()
        }
        Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted) => format!("wants {wanted}"),
        Kind::InvalidLength(_, wanted) => format!("wants {wanted}"),
        Kind::UnknownVariant(_, known) => format!("wants one of {}", known.join(", ")),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "number out of range".to_owned(),
        Kind::Unsupported(_) | Kind::UnsupportedKey(..) => "shape not supported".to_owned(),
        Kind::Message(text) => text.lines().next().unwrap_or_default().to_owned(),
    };
    let source = error.metadata.as_ref().map_or("", |m| m.name.as_ref());
    let key = if path.is_empty() {
        "configuration".to_owned()
    } else {
        path.join(".")
    };
    if source.is_empty() || source == "TOML source string" {
        return ConfigError::new(key, reason);
    }
    ConfigError::new(key, format!("{reason} ({source})"))
}

#[cfg(test)]
mod tests;
