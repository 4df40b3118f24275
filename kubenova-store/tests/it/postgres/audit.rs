//! The audit log: written with the change, chained, and final.

use aws_lc_rs::digest::{SHA256, digest};
use futures::future::join_all;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use kubenova_core::access::{Action, RequestId};
use kubenova_core::change::{ChangeSet, Require, Write};
use kubenova_core::domain::audit::{AuditEntry, AuditTarget, Outcome};
use kubenova_core::ports::store::Commit as _;
use kubenova_core::testing::build::{a_change, a_cluster, a_tenant};
use kubenova_core::value::{Secret, Subject, TenantId, TokenId};

use crate::fixture::{self, Postgres};

async fn with_cluster() -> Postgres {
    let db = fixture::postgres().await;
    let cluster = Box::new(a_cluster().build());
    let insert = Write::InsertCluster(cluster, Secret::new("x"));
    db.commit(ChangeSet::new().write(insert)).await.unwrap();
    db
}

fn create(n: u128) -> ChangeSet {
    let tenant = a_tenant().nth(n).build();
    let changes = a_change(tenant.name.as_str()).require(Require::ClusterAccepts(tenant.cluster));
    changes.write(Write::InsertTenant(Box::new(tenant)))
}

/// Text of a column that is one of a closed list in the code.
fn known(text: &str) -> &'static str {
    let actions = Action::ALL.iter().map(|action| action.as_str());
    let mut all = actions.chain(["", "tenant", "done", "refused", "KN-403"]);
    all.find(|one| *one == text)
        .unwrap_or_else(|| panic!("{text:?} is not known"))
}

fn entry(row: &sqlx::postgres::PgRow) -> AuditEntry {
    let text = |column: &str| row.get::<String, _>(column);
    AuditEntry {
        at: row.get::<jiff_sqlx::Timestamp, _>("at").to_jiff(),
        request: RequestId::parse(&text("request")).unwrap(),
        subject: row
            .get::<Option<String>, _>("subject")
            .map(|text| Subject::parse(&text).unwrap()),
        token: row.get::<Option<Uuid>, _>("token_id").map(TokenId::new),
        action: known(&text("action")),
        target: AuditTarget {
            kind: known(&text("target_kind")),
            uid: row.get("target_uid"),
            name: text("target_name"),
        },
        tenant: row.get::<Option<Uuid>, _>("tenant_id").map(TenantId::new),
        outcome: if text("outcome") == "done" {
            Outcome::Done
        } else {
            Outcome::Refused
        },
        code: known(&text("code")),
    }
}

/// Recomputes the whole chain from the rows; how many entries it covers.
async fn verify(look: &mut PgConnection) -> usize {
    let rows = sqlx::query("select * from audit order by seq")
        .fetch_all(&mut *look)
        .await
        .unwrap();
    let blocks = sqlx::query("select * from audit_blocks order by block")
        .fetch_all(&mut *look)
        .await
        .unwrap();
    let mut rows = rows.iter().peekable();
    let (mut previous, mut seq) = (vec![0; 32], 0_i64);
    for block in &blocks {
        assert_eq!(block.get::<Vec<u8>, _>("previous"), previous);
        assert_eq!(block.get::<i64, _>("first"), seq + 1);
        let mut covered = previous;
        while let Some(row) =
            rows.next_if(|row| row.get::<i64, _>("block") == block.get::<i64, _>("block"))
        {
            seq += 1;
            assert_eq!(row.get::<i64, _>("seq"), seq, "no gaps");
            let bytes = entry(row).canonical();
            covered.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
            covered.extend_from_slice(&bytes);
        }
        assert_eq!(block.get::<i64, _>("last"), seq);
        previous = digest(&SHA256, &covered).as_ref().to_vec();
        assert_eq!(block.get::<Vec<u8>, _>("hash"), previous);
    }
    assert!(rows.next().is_none(), "every entry is in a block");
    usize::try_from(seq).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_written_with_their_change_and_chained() {
    let db = with_cluster().await;
    let other = db.second().await;
    let good = (1..100).map(|n| {
        if n % 2 == 0 {
            db.commit(create(n))
        } else {
            other.commit(create(n))
        }
    });
    let bad = (1..20).map(|_| db.commit(create(50)));
    let good = join_all(good.chain(bad)).await;
    let committed = good.iter().filter(|done| done.is_ok()).count();
    assert_eq!(committed, 99, "one of each name");
    let mut refused = a_change("refused");
    refused.audit[0].outcome = Outcome::Refused;
    refused.audit[0].code = "KN-403";
    refused.audit[0].subject = None;
    refused.audit[0].token = Some(TokenId::nth(7));
    refused.audit[0].tenant = Some(TenantId::nth(7));
    refused.audit[0].target.uid = Some(Uuid::from_u128(7));
    db.commit(refused).await.unwrap();
    let mut look = db.look().await;
    assert_eq!(verify(&mut look).await, 100);
    let names = sqlx::query_scalar::<_, i64>(
        "select count(*) from tenants t join audit a on a.target_name = t.name",
    );
    assert_eq!(
        names.fetch_one(&mut look).await.unwrap(),
        99,
        "each has its entry"
    );
}

#[tokio::test]
async fn nobody_changes_the_log() {
    let db = with_cluster().await;
    db.commit(create(1)).await.unwrap();
    let mut look = db.look().await;
    for text in [
        "update audit set subject = 'mallory'",
        "delete from audit",
        "truncate audit",
        "update audit_blocks set hash = ''",
        "delete from audit_blocks",
        "truncate audit_blocks",
    ] {
        let refused = sqlx::query(text).execute(&mut look).await.unwrap_err();
        let code = refused
            .as_database_error()
            .and_then(|err| err.code())
            .map(|code| code.into_owned());
        assert_eq!(code.as_deref(), Some("42501"), "{text}");
    }
    assert_eq!(verify(&mut look).await, 1);
}
