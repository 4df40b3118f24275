//! The work set: tickets, leases, shares and timers.

use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join;

use super::kit::{
    LONG, a_claim, a_place, ask, ask_after, ask_on, claim, claim_and_lose, claim_one, fail,
    insert_cluster, insert_grant, items, lease, ok, some, writes,
};
use crate::change::{ChangeSet, Receipt, Work};
use crate::domain::credential::Revocation;
use crate::ports::Store;
use crate::ports::store::{ClaimRequest, Finish};
use crate::testing::build::{a_cluster, a_grant};
use crate::testing::clock::at;
use crate::value::{ClusterId, GrantId, TenantId};

const fn item(n: u128) -> Work {
    Work::Tenant(TenantId::nth(n))
}

/// Any number of requests for one item are one item.
pub async fn asking_again_keeps_one_row(store: &dyn Store) {
    for _ in 0..3 {
        ask(store, item(1)).await;
    }
    let held = claim_one(store, 1).await;
    assert_eq!((held.item, held.lease), (item(1), lease(1)));
    assert!(claim(store, 2, 10).await.is_empty(), "held by one");
    ok(store.finish(held, Finish::Done).await);
    assert!(claim(store, 3, 10).await.is_empty(), "done is gone");
    assert_eq!(ok(store.next_due().await), None);
}

/// A request that arrives while its item is being worked on is not lost.
pub async fn second_request_survives(store: &dyn Store) {
    for end in [Finish::Done, Finish::Again(LONG), Finish::Failed(LONG)] {
        ask(store, item(1)).await;
        let first = claim_one(store, 1).await;
        ask(store, item(1)).await;
        assert!(claim(store, 2, 10).await.is_empty(), "still held");
        ok(store.finish(first, end).await);
        let second = claim_one(store, 3).await;
        assert_ne!(
            first.ticket, second.ticket,
            "the second request must still be due"
        );
        ok(store.finish(second, Finish::Done).await);
    }
}

/// Items come in the order in which they are due, no more than asked for.
pub async fn earliest_due_first(store: &dyn Store) {
    for n in [3, 1, 4, 2] {
        ask(store, item(n)).await;
    }
    ask_after(store, item(5), LONG).await;
    assert_eq!(
        items(&claim(store, 1, 3).await),
        [item(3), item(1), item(4)]
    );
    assert_eq!(items(&claim(store, 2, 3).await), [item(2)]);
}

/// A lease that ran out is another's; what its holder does then is nothing.
pub async fn a_lost_lease_is_anothers(store: &dyn Store) {
    ask(store, item(1)).await;
    let lost = claim_and_lose(store, 1).await;
    assert_eq!(
        ok(store.extend(&[lost], LONG).await),
        [],
        "nothing to extend"
    );
    let held = claim_one(store, 2).await;
    assert_eq!(lost.ticket, held.ticket, "the same request");
    assert_eq!(ok(store.extend(&[lost], LONG).await), []);
    for end in [
        Finish::Done,
        Finish::Again(Duration::ZERO),
        Finish::Failed(Duration::ZERO),
    ] {
        ok(store.finish(lost, end).await);
        assert!(
            claim(store, 3, 10).await.is_empty(),
            "{end:?} by the loser must change nothing"
        );
    }
    let extended = ok(store.extend(&[lost, held], LONG).await);
    assert_eq!(extended, [held], "held by the winner");
    ok(store.finish(held, Finish::Done).await);
    assert_eq!(ok(store.next_due().await), None);
}

/// Many claims are lengthened by one call: those that hold and no others, each by its own lease; a request that came
/// meanwhile keeps its time.
pub async fn many_are_lengthened_at_once(store: &dyn Store) {
    assert_eq!(ok(store.extend(&[], LONG).await), []);
    ask(store, item(9)).await;
    let lost = claim_and_lose(store, 1).await;
    ok(store.finish(claim_one(store, 2).await, Finish::Done).await);
    for n in [4, 2, 3] {
        ask(store, item(n)).await;
    }
    let short = ClaimRequest {
        lease_for: LONG / 4,
        ..a_claim(3, 10)
    };
    let claims = ok(store.claim(short).await);
    ask(store, item(3)).await;
    let mut all: Vec<Receipt> = claims.iter().map(|claim| claim.receipt).collect();
    let held = all.clone();
    all.insert(1, lost);
    let mut extended = ok(store.extend(&all, LONG * 2).await);
    extended.sort_unstable_by_key(|receipt| held.iter().position(|one| one == receipt));
    assert_eq!(extended, held);
    let end = some(ok(store.next_due().await));
    assert!(end > LONG, "none of them ends before: {end:?}");
    for receipt in held {
        ok(store.finish(receipt, Finish::Done).await);
    }
    assert_eq!(items(&claim(store, 4, 10).await), [item(3)]);
}

/// Receipts must match in item, ticket and lease.
pub async fn only_its_own_lease_is_given_back(store: &dyn Store) {
    ask(store, item(1)).await;
    let held = claim_one(store, 1).await;
    let others = [
        Receipt {
            lease: lease(7),
            ..held
        },
        Receipt {
            item: item(2),
            ..held
        },
    ];
    for other in others {
        ok(store.finish(other, Finish::Done).await);
        assert_eq!(ok(store.extend(&[other], LONG).await), []);
        assert!(claim(store, 2, 10).await.is_empty());
    }
    // Of another request: the lease goes, the item stays.
    let old = Receipt {
        ticket: held.ticket.wrapping_add(1),
        ..held
    };
    ok(store.finish(old, Finish::Done).await);
    ask(store, item(1)).await;
    claim_one(store, 3).await;
}

/// Failures in a row are told to the next turn; success and a new request forget them.
pub async fn failures_are_counted_and_forgotten(store: &dyn Store) {
    ask(store, item(1)).await;
    let turn = async |n: u128, end: Finish| {
        let claims = claim(store, n, 10).await;
        assert_eq!(claims.len(), 1, "turn {n}");
        ok(store.finish(claims[0].receipt, end).await);
        claims[0].failures
    };
    let failed = Finish::Failed(Duration::ZERO);
    assert_eq!(turn(1, failed).await, 0);
    assert_eq!(turn(2, failed).await, 1);
    assert_eq!(turn(3, Finish::Again(Duration::ZERO)).await, 2);
    assert_eq!(turn(4, failed).await, 0);
    ask(store, item(1)).await;
    assert_eq!(turn(5, Finish::Done).await, 0);
}

/// An item that shall be looked at later is not due before; a request makes it due.
pub async fn looking_again_later(store: &dyn Store) {
    for (n, end) in [(1, Finish::Again(LONG)), (2, Finish::Failed(LONG))] {
        ask(store, item(n)).await;
        let held = claim_one(store, n).await;
        ok(store.finish(held, end).await);
        assert!(claim(store, 9, 10).await.is_empty());
        let due = some(ok(store.next_due().await));
        assert!(due > LONG / 2 && due <= LONG, "{due:?}");
        ask(store, item(n)).await;
        let held = claim_one(store, n + 10).await;
        ok(store.finish(held, Finish::Done).await);
    }
}

/// Of two requests the earlier time counts, in whichever order they come.
pub async fn an_earlier_request_wins(store: &dyn Store) {
    ask_after(store, item(1), LONG).await;
    ask_after(store, item(1), Duration::ZERO).await;
    ask_after(store, item(2), Duration::ZERO).await;
    ask_after(store, item(2), LONG).await;
    ask_after(store, item(3), LONG).await;
    let mut claimed = items(&claim(store, 1, 10).await);
    claimed.sort_unstable();
    assert_eq!(claimed, [item(1), item(2)]);
}

/// No cluster gets more than its share; one that already holds some gets what is left of it.
pub async fn shares_of_a_cluster(store: &dyn Store) {
    let cluster = |n| ClusterId::nth(n);
    for n in 0..5 {
        for c in 1..=4 {
            ask_on(store, item(c * 10 + n), cluster(c), Duration::ZERO).await;
        }
    }
    let want = ClaimRequest {
        per_cluster: 2,
        caps: vec![(cluster(2), 1), (cluster(3), 0), (cluster(4), 5)],
        ..a_claim(1, 100)
    };
    let claims = ok(store.claim(want).await);
    let of = |n| {
        claims
            .iter()
            .filter(|claim| claim.cluster == cluster(n))
            .count()
    };
    assert_eq!([of(1), of(2), of(3), of(4)], [2, 1, 0, 5]);
    let limited = ClaimRequest {
        limit: 3,
        per_cluster: 2,
        ..a_claim(2, 3)
    };
    assert_eq!(ok(store.claim(limited).await).len(), 3);
}

/// A full pass asks for every object, of one cluster or of all, spread over time; kubeconfigs that are dead rest.
pub async fn everything_is_asked_for(store: &dyn Store) {
    let (one, tenant, project) = a_place(store).await;
    let two = a_cluster().nth(2).build();
    let dead = Revocation {
        credential_dead_at: Some(at(1)),
        ..Revocation::default()
    };
    let rows = [
        insert_cluster(&two),
        insert_grant(&a_grant().build()),
        insert_grant(&a_grant().nth(2).revocation(dead).build()),
    ];
    ok(store.commit(writes(rows)).await);
    let of_one = [
        Work::Cluster(one.id),
        Work::Tenant(tenant.id),
        Work::Project(project.id),
        Work::Grant(GrantId::nth(1)),
    ];
    let finish_all = async |n: u128, expected: &[Work]| {
        let claims = claim(store, n, 100).await;
        let mut found = items(&claims);
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
        for claim in claims {
            let bulkhead = if claim.receipt.item == Work::Cluster(two.id) {
                two.id
            } else {
                one.id
            };
            assert_eq!(claim.cluster, bulkhead);
            ok(store.finish(claim.receipt, Finish::Done).await);
        }
    };
    ok(store.ask_everything(Some(one.id), Duration::ZERO).await);
    finish_all(1, &of_one).await;
    ok(store.ask_everything(None, Duration::ZERO).await);
    finish_all(2, &[&of_one[..], &[Work::Cluster(two.id)]].concat()).await;
    // Spread over a long time, next to nothing is due at once; what was asked for before keeps its time.
    ask(store, Work::Project(project.id)).await;
    ok(store.ask_everything(None, LONG).await);
    let due = items(&claim(store, 3, 100).await);
    assert!(
        due.contains(&Work::Project(project.id)) && due.len() <= 2,
        "{due:?}"
    );
    let next = some(ok(store.next_due().await));
    assert!(next > Duration::ZERO && next <= LONG, "{next:?}");
}

/// Whoever waits wakes by a commit with work, and by a request; a wake-up before the wait counts too.
pub async fn waiters_wake(store: &dyn Store) {
    claim(store, 1, 10).await;
    ask(store, item(1)).await;
    store.woken().await;
    let held = claim_one(store, 2).await;
    ok(store.finish(held, Finish::Done).await);
    let commit = async {
        let changes = ChangeSet::new().ask(item(2), ClusterId::nth(1));
        ok(store.commit(changes).await);
    };
    let both = join(store.woken(), store.woken());
    let (((), ()), ()) = join(both, commit).await;
    claim_one(store, 3).await;
}

/// The timer tells when something is due: now, later, or when a lease ends.
pub async fn timers(store: &dyn Store) {
    assert_eq!(ok(store.next_due().await), None);
    ask_after(store, item(1), LONG).await;
    let later = some(ok(store.next_due().await));
    assert!(later > LONG / 2 && later <= LONG, "{later:?}");
    ask(store, item(2)).await;
    assert_eq!(ok(store.next_due().await), Some(Duration::ZERO));
    let want = ClaimRequest {
        lease_for: LONG / 4,
        ..a_claim(1, 10)
    };
    let claims = ok(store.claim(want).await);
    assert_eq!(items(&claims), [item(2)]);
    let lease_ends = some(ok(store.next_due().await));
    assert!(
        lease_ends <= LONG / 4 && lease_ends > LONG / 8,
        "{lease_ends:?}"
    );
    let held = [claims[0].receipt];
    assert_eq!(ok(store.extend(&held, LONG * 2).await), held);
    let first = some(ok(store.next_due().await));
    assert!(first > LONG / 2 && first <= LONG, "{first:?}");
    if store.woken().now_or_never().is_none() && first.is_zero() {
        fail("due now, yet nobody was woken");
    }
}
