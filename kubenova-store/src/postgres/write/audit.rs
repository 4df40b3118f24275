//! Audit entries: one block per transaction, as its last statement.

use jiff_sqlx::ToSqlx as _;

use kubenova_core::domain::audit::AuditEntry;

use super::Statement;
use crate::audit::content;
use crate::postgres::sql::write::INSERT_AUDIT;

pub(in crate::postgres) fn insert(entries: &[&AuditEntry]) -> Statement {
    let each = || entries.iter();
    let texts =
        |text: fn(&AuditEntry) -> &str| each().map(|e| text(e).to_owned()).collect::<Vec<_>>();
    let at: Vec<_> = each().map(|e| e.at.to_sqlx()).collect();
    let subjects: Vec<_> = each()
        .map(|e| e.subject.as_ref().map(|s| s.as_str().to_owned()))
        .collect();
    let tokens: Vec<_> = each().map(|e| e.token.map(|id| id.uuid())).collect();
    let tenants: Vec<_> = each().map(|e| e.tenant.map(|id| id.uuid())).collect();
    let targets: Vec<_> = each().map(|e| e.target.uid).collect();
    sqlx::query(INSERT_AUDIT)
        .bind(i64::try_from(entries.len()).unwrap_or(i64::MAX))
        .bind(content(entries.iter().copied()))
        .bind(at)
        .bind(texts(|e| e.request.as_str()))
        .bind(subjects)
        .bind(tokens)
        .bind(texts(|e| e.action))
        .bind(texts(|e| e.target.kind))
        .bind(targets)
        .bind(texts(|e| &e.target.name))
        .bind(tenants)
        .bind(texts(|e| e.outcome.as_str()))
        .bind(texts(|e| e.code))
}
