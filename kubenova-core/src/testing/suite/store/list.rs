//! Lists: selectors, pages and cursors.

use std::collections::BTreeSet;

use super::kit::{insert_cluster, insert_tenant, ok, selector, update_tenant, write, writes};
use crate::change::Write;
use crate::domain::tenant::Tenant;
use crate::ports::Store;
use crate::ports::store::TenantFilter;
use crate::testing::build::{a_cluster, a_tenant};
use crate::testing::clock::at;
use crate::value::{ClusterId, Page, TenantId};

const CLUSTER: ClusterId = ClusterId::nth(1);

/// Tenants with all sorts of labels.
fn population() -> Vec<Tenant> {
    (1..=60_u128)
        .map(|n| {
            let mut tenant = a_tenant().nth(n);
            if n % 2 == 0 {
                tenant = tenant.label("team", ["blue", "red", "green"][(n % 3) as usize]);
            }
            if n % 3 == 0 {
                tenant = tenant.label("tier", &(n % 5).to_string());
            }
            if n % 7 == 0 {
                tenant = tenant.label("legacy", "");
            }
            if n % 11 == 0 {
                tenant = tenant.label("example.com/tier", "high");
            }
            tenant.build()
        })
        .collect()
}

async fn populate(store: &dyn Store) -> Vec<Tenant> {
    ok(write(store, insert_cluster(&a_cluster().build())).await);
    let all = population();
    ok(store.commit(writes(all.iter().map(insert_tenant))).await);
    all
}

async fn walk(store: &dyn Store, filter: &TenantFilter, limit: usize) -> Vec<Tenant> {
    let (mut all, mut page) = (Vec::new(), Page::first(limit));
    loop {
        let found = ok(store.tenants(filter.clone(), page.clone()).await);
        assert!(found.items.len() <= limit);
        all.extend(found.items);
        match found.next {
            Some(next) => page.after = Some(next),
            None => return all,
        }
    }
}

/// A store selects exactly what the selector matches.
pub async fn selectors_match_as_in_memory(store: &dyn Store) {
    let mut all = populate(store).await;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let texts = [
        "",
        "team=blue",
        "team==red",
        "team!=blue",
        "team in (blue,red)",
        "team in (blue)",
        "team notin (blue,green)",
        "team",
        "!team",
        "tier>2",
        "tier<3",
        "legacy=",
        "legacy",
        "example.com/tier=high",
        "team=blue,tier=0",
        "tier,team=blue,!legacy",
        "team=blue,team=red",
        "team!=blue,tier in (1,2),!legacy",
        "absent=x",
        "absent!=x",
        "tier=0,team notin (red)",
    ];
    for text in texts {
        for cluster in [Some(CLUSTER), None] {
            let filter = TenantFilter {
                cluster,
                selector: selector(text),
                ..TenantFilter::default()
            };
            let expected: Vec<&Tenant> = all
                .iter()
                .filter(|tenant| filter.selector.matches(tenant.labels.as_map()))
                .collect();
            let found = walk(store, &filter, 7).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}

/// Pages of any size together are the list; the last one says that it is the last.
pub async fn pages_neither_repeat_nor_skip(store: &dyn Store) {
    let mut all = populate(store).await;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let filter = TenantFilter {
        cluster: Some(CLUSTER),
        ..TenantFilter::default()
    };
    for limit in [1, 7, 20, 59, 60, 61] {
        assert_eq!(walk(store, &filter, limit).await, all, "limit {limit}");
    }
    let last = ok(store.tenants(filter.clone(), Page::first(60)).await);
    assert_eq!(last.next, None, "a full last page is the last page");
    let more = ok(store.tenants(filter, Page::first(59)).await);
    assert!(more.next.is_some());
}

/// Rows that exist during the whole walk are seen once, whatever comes, goes and changes meanwhile.
pub async fn cursors_survive_inserts(store: &dyn Store) {
    let all = populate(store).await;
    let (mut seen, mut page, mut round) = (Vec::new(), Page::first(4), 0_u64);
    loop {
        let filter = TenantFilter {
            cluster: Some(CLUSTER),
            ..TenantFilter::default()
        };
        let found = ok(store.tenants(filter, page.clone()).await);
        seen.extend(
            found
                .items
                .into_iter()
                .map(|one| one.id)
                .filter(|id| id.uuid().as_u128() <= 60),
        );
        let Some(next) = found.next else { break };
        page.after = Some(next);
        round += 1;
        let id = 1000 + u128::from(round);
        let early = a_tenant().nth(id).named(&format!("a-{round}")).build();
        let late = a_tenant()
            .nth(id + 1000)
            .named(&format!("z-{round}"))
            .build();
        let touched = a_tenant()
            .nth(1)
            .label("round", &round.to_string())
            .generation(round + 1)
            .build();
        let changes = writes([
            insert_tenant(&early),
            insert_tenant(&late),
            update_tenant(&touched),
        ]);
        ok(store.commit(changes).await);
        ok(write(store, Write::PurgeTenant(early.id, at(0))).await);
    }
    assert_eq!(seen.len(), all.len(), "each once");
    let distinct: BTreeSet<TenantId> = seen.into_iter().collect();
    assert_eq!(distinct.len(), all.len());
}

/// Names sort by bytes, whatever the language of the database.
pub async fn names_sort_by_bytes(store: &dyn Store) {
    ok(write(store, insert_cluster(&a_cluster().build())).await);
    let names = ["a-b", "a", "ab", "a0", "a-0", "0a", "b", "a-b-c"];
    let rows = (1..)
        .zip(names)
        .map(|(n, name)| insert_tenant(&a_tenant().nth(n).named(name).build()));
    ok(store.commit(writes(rows)).await);
    let filter = TenantFilter {
        cluster: Some(CLUSTER),
        ..TenantFilter::default()
    };
    let found = walk(store, &filter, 3).await;
    let found: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(found, sorted);
}
