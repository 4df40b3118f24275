//! Migrations: constants of this build, applied in order under a lock, never edited once released.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Version, name and text.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "tables",
        include_str!("../../migrations/0001_tables.sql"),
    ),
    (2, "audit", include_str!("../../migrations/0002_audit.sql")),
    (
        3,
        "bounds",
        include_str!("../../migrations/0003_bounds.sql"),
    ),
];

/// The version this build expects.
pub(super) const EXPECTED: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

pub(super) fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, text)| {
        Migration::new(
            *version,
            Cow::Borrowed(*name),
            MigrationType::Simple,
            text.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}
