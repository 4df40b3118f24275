//! `token issue|list|revoke`: the first token of an installation comes from here.

use std::{fmt::Display, io::Write};

use kubenova_core::{
    Error,
    access::{Actor, RequestId, Role, Roles},
    domain::service::{IssueToken, Ports, Tokens},
    value::{Page, ProjectId, Subject, TenantId, TokenId},
};

use super::{StartError, args::TokenCommand};
use crate::{
    config::{Config, StoreUrl},
    http::Problem,
    wire,
};

/// Runs one command on the tokens of the configured store.
pub(super) async fn run(
    config: &Config,
    command: TokenCommand,
    out: &mut dyn Write,
) -> Result<(), StartError> {
    if config.store.url == StoreUrl::Memory {
        let why = "tokens of the memory store live in the server: use auth.bootstrap_token_file";
        return Err(StartError::new("store.url", why));
    }
    let signer = wire::signer(config)?;
    let opened = wire::open(config).await?;
    let (ports, tokens) = (&opened.ports, Tokens::new(opened.ports.clone()));
    let actor = Actor::system(RequestId::of(ports.ids.next()));
    let done = match command {
        TokenCommand::Issue { .. } => {
            let token = tokens
                .issue(&actor, issue(command)?)
                .await
                .map_err(refused)?;
            let text = signer
                .sign(&token)
                .map_err(|e| StartError::because("token", &e))?;
            writeln!(out, "{}", text.expose_str().unwrap_or_default())
        }
        TokenCommand::List => {
            let lines = list(&tokens, &actor, ports).await.map_err(refused)?;
            out.write_all(lines.as_bytes())
        }
        TokenCommand::Revoke { id } => {
            tokens
                .revoke(&actor, TokenId::new(id))
                .await
                .map_err(refused)?;
            Ok(())
        }
    };
    opened.close().await;
    done.map_err(|error| StartError::new("standard output", error))
}

fn issue(command: TokenCommand) -> Result<IssueToken, StartError> {
    let TokenCommand::Issue {
        subject,
        roles,
        tenant,
        projects,
        ttl,
    } = command
    else {
        return Err(StartError::new("token", "no token is asked for"));
    };
    let subject = Subject::parse(&subject).map_err(|why| StartError::new("--subject", why))?;
    let unknown = |word: &String| StartError::new("--role", format!("{word:?} is not a role"));
    let roles = roles
        .iter()
        .map(|word| Role::parse(word).ok_or_else(|| unknown(word)));
    let roles = Roles::new(roles.collect::<Result<Vec<_>, _>>()?);
    let projects: Vec<_> = projects.into_iter().map(ProjectId::new).collect();
    Ok(IssueToken {
        subject,
        roles: roles.ok_or_else(|| StartError::new("--role", "at least one is needed"))?,
        tenant: tenant.map(TenantId::new),
        projects: (!projects.is_empty()).then_some(projects),
        ttl: ttl.as_secs(),
    })
}

/// All tokens, one line each.
async fn list(tokens: &Tokens, actor: &Actor, ports: &Ports) -> Result<String, Error> {
    let (mut lines, mut page) = (String::new(), Page::first(Page::MAX));
    loop {
        let found = tokens.list(actor, page.clone()).await?;
        for token in &found.items {
            let roles: Vec<_> = token.roles.iter().map(Role::as_str).collect();
            let tenant = token
                .tenant
                .map(|tenant| tenant.to_string())
                .unwrap_or_default();
            let state = token.state(ports.clock.now()).as_str();
            let fields: [&dyn Display; 6] = [
                &token.id,
                &token.subject,
                &roles.join(","),
                &tenant,
                &state,
                &token.expires_at,
            ];
            lines.push_str(&fields.map(ToString::to_string).join("\t"));
            lines.push('\n');
        }
        let Some(next) = found.next else {
            return Ok(lines);
        };
        page.after = Some(next);
    }
}

/// In one line, with the fields that are to blame.
fn refused(error: Error) -> StartError {
    let away = match &error {
        Error::Away { source, .. } => Some(crate::http::chain(source.as_ref())),
        Error::BadParameter(_)
        | Error::NotFound(_)
        | Error::Forbidden
        | Error::Conflict(_)
        | Error::Stale
        | Error::Invalid(_)
        | Error::Internal(_) => None,
    };
    if let Some(cause) = away {
        return StartError::new("store.url", cause);
    }
    let said = error.to_string();
    let problem = Problem::from(error);
    let fields = problem
        .details()
        .iter()
        .map(|d| format!("{} {}", d.field, d.reason));
    let fields = fields.collect::<Vec<_>>().join("; ");
    StartError::new("token", if fields.is_empty() { said } else { fields })
}
