//! The transaction of a create without us: the statements of the server's batches, with rows that the database makes up.

use std::fmt::Write as _;

use super::filled;
use crate::{Context as _, Result};

/// Tenants of one transaction: of 64 clients half are in the transaction that runs, on each of the two connections that
/// the server writes with.
pub(super) const BATCH: u32 = 32;
/// Transactions at a time, as many as the server's.
pub(super) const CLIENTS: &str = "2";

/// Makes the parameters of a statement for a cluster.
type Parameters = fn(&str) -> Vec<String>;

/// What the statements look like, in their order, each with its parameters.
const STEPS: [(&str, Parameters); 6] = [
    ("select id, deleting_at from clusters %", parent),
    ("insert into tenants %", tenants),
    ("insert into labels %unnest%", labels),
    ("insert into owners %unnest%", owners),
    ("insert into work %unnest%", work),
    ("with head as (update audit_head %", audit),
];

/// One transaction as a script of pgbench, of statements that `sent` finds among those the server sent.
///
/// # Errors
/// When the server sent one of them never.
pub(super) fn script(cluster: &str, sent: impl Fn(&str) -> Result<String>) -> Result<String> {
    let mut script = "\\set n random(1, 1000000000000000)\nbegin;\n".to_owned();
    for (like, parameters) in STEPS {
        let statement = sent(like).context("read what a create sends")?;
        let _ = writeln!(script, "{};", filled(&statement, &parameters(cluster)));
    }
    script.push_str("commit;\n");
    Ok(script)
}

/// An array of one value for each row, from an expression in which `i` counts from 1.
fn each(expression: &str, kind: &str) -> String {
    format!(
        "(select array_agg({expression} order by i) from generate_series(1, {BATCH}) i)::{kind}[]"
    )
}

fn same(value: &str, kind: &str) -> String {
    format!("array_fill({value}::{kind}, array[{BATCH}])")
}

fn ids() -> String {
    each("md5(:n::bigint || '-' || i)::uuid", "uuid")
}

fn names() -> String {
    each("'sql-' || :n::bigint || '-' || i", "text")
}

fn of(cluster: &str) -> String {
    same(&format!("'{cluster}'"), "uuid")
}

fn now() -> String {
    same("now()", "timestamptz")
}

fn parent(cluster: &str) -> Vec<String> {
    vec![format!("array['{cluster}']::uuid[]")]
}

fn tenants(cluster: &str) -> Vec<String> {
    vec![
        ids(),
        of(cluster),
        names(),
        same("'[\"owner-1\"]'", "jsonb"),
        same("'{\"tier\": \"gold\", \"team\": \"none\"}'", "jsonb"),
        same("'{}'", "jsonb"),
        now(),
        same("1", "bigint"),
        same("null", "timestamptz"),
        same("'Pending'", "text"),
        same("0", "bigint"),
        same("'[]'", "jsonb"),
    ]
}

/// Two of each tenant.
fn labels(cluster: &str) -> Vec<String> {
    let twice = |one: String| format!("{one} || {one}");
    let (keys, values) = (
        [same("'tier'", "text"), same("'team'", "text")],
        [same("'gold'", "text"), same("'none'", "text")],
    );
    vec![
        twice(of(cluster)),
        keys.join(" || "),
        values.join(" || "),
        twice(names()),
        twice(ids()),
    ]
    .into_iter()
    .map(|array| format!("({array})"))
    .collect()
}

fn owners(cluster: &str) -> Vec<String> {
    vec![of(cluster), same("'owner-1'", "text"), names(), ids()]
}

fn work(cluster: &str) -> Vec<String> {
    vec![
        same("'tenant'", "text"),
        ids(),
        of(cluster),
        same("0", "bigint"),
    ]
}

fn audit(_cluster: &str) -> Vec<String> {
    let text = |value: &str| same(&format!("'{value}'"), "text");
    vec![
        BATCH.to_string(),
        // about as many bytes as the entries have
        format!("convert_to(repeat('x', {BATCH} * 220), 'UTF8')"),
        now(),
        text("0190f0f0-0000-7000-8000-000000000000"),
        text("bootstrap"),
        ids(),
        text("tenant.create"),
        text("tenant"),
        ids(),
        names(),
        ids(),
        text("done"),
        text(""),
    ]
}
