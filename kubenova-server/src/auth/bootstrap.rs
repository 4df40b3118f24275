//! The first admin token of an installation, written to a file at start.

use tracing::info;

use kubenova_core::{
    access::{Actor, RequestId, Role, Roles},
    domain::service::{IssueToken, Ports, Tokens},
    value::Subject,
};

use super::Tokens as Signer;
use crate::{
    cli::{StartError, private},
    config,
    http::chain,
};

const KEY: &str = "auth.bootstrap_token_file";

/// Its life in seconds: a day, enough to issue others with it.
const TTL: i64 = 86_400;

/// Writes an admin token to `auth.bootstrap_token_file`, when that is set and no admin token is valid.
pub(crate) async fn first_token(
    config: &config::Auth,
    ports: &Ports,
    signer: &Signer,
) -> Result<(), StartError> {
    let Some(path) = &config.bootstrap_token_file else {
        return Ok(());
    };
    let known = ports.store.has_admin(ports.clock.now()).await;
    if known.map_err(|error| StartError::because("store.url", &error))? {
        return Ok(());
    }
    let cmd = IssueToken {
        subject: Subject::parse("bootstrap").map_err(|why| StartError::new(KEY, why))?,
        roles: Roles::one(Role::Admin),
        tenant: None,
        projects: None,
        ttl: TTL,
    };
    let actor = Actor::system(RequestId::of(ports.ids.next()));
    let token = Tokens::new(ports.clone()).issue(&actor, cmd).await;
    let token = token.map_err(|error| StartError::new(KEY, chain(&error)))?;
    let text = signer
        .sign(&token)
        .map_err(|error| StartError::because(KEY, &error))?;
    private::replace(path, text.expose()).map_err(|error| StartError::new(KEY, error))?;
    info!(token.id = %token.id, file = %path.display(), "Wrote an admin token: no other was valid");
    Ok(())
}
