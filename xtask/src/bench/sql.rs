//! The same SQL without us: what the server sent, run by pgbench.
//!
//! The text of a statement is read from the database (`pg_stat_activity`), so that it cannot differ from ours.
//! Rates only: where it is saturated, pgbench gives many single transactions a time of zero.

mod create;

use std::path::Path;
use std::process::Command;

use super::figure::{Figure, load};
use crate::db::Db;
use crate::host::{files, packages, shell};
use crate::{Context as _, Result};

/// pgbench takes at most 128 scripts.
const SCRIPTS: usize = 100;
const CLIENTS: &str = "16";
/// Looks at what the server sends, and milliseconds between them.
const LOOKS: (u32, u32) = (300, 5);

/// A database under load.
#[derive(Debug)]
pub(super) struct Sql<'a> {
    pub(super) db: &'a Db,
    pub(super) folder: &'a Path,
    pub(super) seconds: u32,
}

impl Sql<'_> {
    /// Brings a new database to where one is that is in use: it has written as much log as it keeps (`min_wal_size`), so
    /// that from now on it uses log files again. Before that each commit that needs another 16 MiB waits until a file of
    /// so many zeros is on the disk.
    ///
    /// # Errors
    /// When the database refuses.
    pub(super) fn season(&self) -> Result<()> {
        let fill = "select count(pg_logical_emit_message(false, 'bench', repeat('x', 1048576))) from generate_series(1, 1024)";
        let mut psql = self.client("psql");
        psql.args(["--quiet", "--output=/dev/null"]);
        for command in [fill, "checkpoint"] {
            psql.args(["--command", command]);
        }
        shell::capture(&mut psql).map(drop)
    }

    /// Point reads of tenants.
    ///
    /// # Errors
    /// When the server sent none before, or pgbench fails.
    pub(super) fn get(&self, uids: &[String]) -> Result<Figure> {
        let statement = self.sent("select t.id%from tenants t where t.id = any($1)")?;
        let fill = |uid: &String| filled(&statement, &[format!("array['{uid}']::uuid[]")]);
        let scripts: Vec<String> = uids.iter().take(SCRIPTS).map(fill).collect();
        self.run("the SQL of get alone", &scripts, (CLIENTS, 1))
    }

    /// Pages of 50 tenants of a cluster by label.
    ///
    /// # Errors
    /// When the server sent none before, or pgbench fails.
    pub(super) fn list(&self, labels: &[String], cluster: &str) -> Result<Figure> {
        let statement = self.sent("select t.id%from labels l join tenants t%")?;
        let fill = |label: &String| {
            let (key, value) = label.split_once('=').unwrap_or((label, ""));
            let values = [
                format!("'{{\"{key}\": \"{value}\"}}'::jsonb"),
                "'{}'::text[]".to_owned(),
                "'{}'::text[]".to_owned(),
                "''".to_owned(),
                "'00000000-0000-0000-0000-000000000000'::uuid".to_owned(),
                "51".to_owned(),
                format!("'{cluster}'::uuid"),
                format!("'{key}'"),
                format!("'{value}'"),
                "null".to_owned(),
            ];
            filled(&statement, &values)
        };
        let scripts: Vec<String> = labels.iter().take(SCRIPTS).map(fill).collect();
        self.run("the SQL of list alone", &scripts, (CLIENTS, 1))
    }

    /// New tenants of a cluster: the transaction of a batch, of statements that [`Sql::watch`] saw. Tenants a second,
    /// not transactions.
    ///
    /// # Errors
    /// When one of the statements was not seen, or pgbench fails.
    pub(super) fn create(&self, cluster: &str) -> Result<Figure> {
        let script = create::script(cluster, |like| self.seen(like))?;
        let what = format!("the SQL of create alone, {} a transaction", create::BATCH);
        self.run(&what, &[script], (create::CLIENTS, create::BATCH))
    }

    /// Looks for a while at what the server sends; it must have something to do meanwhile.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub(super) fn watch(&self) -> Result<()> {
        let (looks, millis) = LOOKS;
        let look = format!(
            "do $$ begin for n in 1..{looks} loop \
             perform pg_stat_clear_snapshot(); \
             insert into bench_seen select distinct query from pg_stat_activity \
             where application_name = 'kubenova' on conflict do nothing; \
             perform pg_sleep({millis} / 1000.0); end loop; end $$"
        );
        let make = "create table if not exists bench_seen (query text primary key)";
        let mut psql = self.client("psql");
        psql.arg("--quiet");
        for command in [make, &look] {
            psql.args(["--command", command]);
        }
        shell::capture(&mut psql).map(drop)
    }

    /// A statement that looks like this, of those that were seen.
    fn seen(&self, like: &str) -> Result<String> {
        let ask = format!("select query from bench_seen where query like '{like}' limit 1");
        let found = self.ask(&ask)?;
        found.context(format!("the server sent no statement like {like}"))
    }

    /// The last statement that the server sent and that looks like this.
    fn sent(&self, like: &str) -> Result<String> {
        let ask = format!(
            "select query from pg_stat_activity where application_name = 'kubenova' and query like '{like}' limit 1"
        );
        let found = self.ask(&ask)?;
        found.context(format!("the server sent no statement like {like}"))
    }

    /// The one value that a query answers.
    fn ask(&self, query: &str) -> Result<Option<String>> {
        let mut psql = self.client("psql");
        psql.args(["--tuples-only", "--no-align", "--command", query]);
        let found = shell::capture(&mut psql)?;
        let found = found.trim();
        Ok((!found.is_empty()).then(|| found.to_owned()))
    }

    /// Runs the scripts with so many clients, each script for so many rows.
    fn run(&self, what: &str, scripts: &[String], (clients, rows): (&str, u32)) -> Result<Figure> {
        let folder = self.folder.join("pgbench");
        files::remove_folder(&folder)?;
        files::folder(&folder)?;
        let program = packages::program("pgbench", "postgresql")?;
        let mut pgbench = self.client(&program.display().to_string());
        pgbench
            .current_dir(&folder)
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        pgbench.args(["--client", clients]);
        pgbench.arg(format!("--time={}", self.seconds));
        for (n, script) in scripts.iter().enumerate() {
            let name = format!("{n}.sql");
            files::write_private(&folder.join(&name), format!("{script};\n"))?;
            pgbench.args(["--file", &name]);
        }
        let before = load();
        let told = shell::capture(&mut pgbench)?;
        let rate = rate(&told).context(format!("pgbench told no rate: {told}"))?;
        let rate = rate * f64::from(rows);
        Ok(Figure::new(what, "pgbench", rate, "/s").under(before))
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(program);
        let port = self.db.port.to_string();
        client.env("PGHOST", "127.0.0.1").env("PGPORT", port);
        client
            .env("PGUSER", "kubenova")
            .env("PGDATABASE", "kubenova");
        client
    }
}

/// The statement with values in place of its parameters.
fn filled(statement: &str, values: &[String]) -> String {
    // from the last one on, so that $1 does not hit $10
    let parameters = values.iter().enumerate().rev();
    parameters.fold(statement.to_owned(), |text, (n, value)| {
        text.replace(&format!("${}", n + 1), value)
    })
}

/// The rate in what pgbench says: a line like `tps = 30517.2 (without initial connection time)`.
fn rate(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tenth_parameter_is_not_the_first_one_and_a_zero() {
        let values: Vec<String> = (1..=10).map(|n| format!("v{n}")).collect();
        assert_eq!(filled("a = $1 and b = $10", &values), "a = v1 and b = v10");
    }

    #[test]
    fn the_rate_is_read_and_nothing_else() {
        let told = "latency average = 0.469 ms\ntps = 34142.5 (without initial connection time)\n";
        assert_eq!(rate(told).map(f64::to_bits), Some(34142.5_f64.to_bits()));
        assert_eq!(rate("pgbench: error"), None);
    }
}
