//! Subcommands and flags.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::config::Sources;

/// Tenants, projects and access on many Kubernetes clusters.
#[derive(Debug, Parser)]
#[command(name = "kubenova-server", version, propagate_version = true)]
pub(super) struct Args {
    /// TOML file with settings; `config.default.toml` in the sources documents them all.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Sets one key, over file and environment; may be repeated.
    #[arg(long, global = true, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs the API, the workers, or both.
    Serve {
        /// Which of them.
        #[arg(long, value_enum, default_value_t = Role::All)]
        role: Role,
    },
    /// Brings the database to the version this build expects.
    Migrate,
    /// Issues, lists and revokes API tokens.
    Token {
        /// What to do with them.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Makes keys, and brings a new one into use.
    Keys {
        /// What to do with them.
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Prints the OpenAPI 3.1 document.
    Openapi,
    /// Validates the configuration and prints what would be used, secrets masked.
    CheckConfig,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// API and workers.
    All,
    /// The API alone; other processes must work.
    Api,
    /// Workers alone; only probes and metrics are served.
    Worker,
}

/// On tokens.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Prints one token and nothing else.
    Issue {
        /// Whom it speaks for.
        #[arg(long)]
        subject: String,
        /// What it may be: admin, ops, tenantOwner, projectDev, readOnly; may be repeated.
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// Uid of the tenant that scoped roles hold in.
        #[arg(long, value_name = "UID")]
        tenant: Option<Uuid>,
        /// Uid of a project to narrow it to; may be repeated.
        #[arg(long = "project", value_name = "UID")]
        projects: Vec<Uuid>,
        /// Its life, at most 30 days.
        #[arg(long, default_value = "1h")]
        ttl: SignedDuration,
    },
    /// Prints one line a token: id, subject, roles, tenant, state, end.
    List,
    /// Revokes a token.
    Revoke {
        /// Its id.
        id: Uuid,
    },
}

/// On keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Writes a fresh key to a new file that only its owner may read.
    Generate {
        /// What it is for.
        #[arg(long, value_enum)]
        kind: KeyKind,
        /// The file; an existing one is never overwritten.
        file: PathBuf,
    },
    /// Puts everything sealed under the newest key of `seal.key_files`, beside running servers; prints what it did.
    ///
    /// Before, every server must know the new key (second in its list until all know it, then first); afterwards the
    /// old one may go. Interrupted, it goes on where it was when it is run again.
    Rotate,
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyKind {
    /// Signs API tokens.
    Signing,
    /// Seals kubeconfigs at rest.
    Seal,
}

impl Args {
    /// Where settings come from.
    pub(super) fn sources(&self) -> Sources {
        let (file, sets) = (self.config.clone(), self.set.clone());
        Sources {
            file,
            sets,
            ..Sources::default()
        }
        .with_process_env()
    }
}
