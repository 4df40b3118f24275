//! The macros that turn the suites into tests of one adapter.

/// Makes a module of tests, one per function of the store's suites, each on a store of its own.
///
/// The expression is awaited and gives something that dereferences to a [`Store`](crate::ports::Store). The crate that
/// calls this needs tokio with `macros` and `rt-multi-thread`.
///
/// ```text
/// kubenova_core::store_conformance!(memory, fixture::memory_store());
/// ```
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, $make:expr) => {
        $crate::conformance! { $name, store, $make;
            cluster: round_trip, unique_keys, intent_and_status_have_different_writers, reports_never_go_back,
                lists_narrow_and_select;
            tenant: round_trip, bounds_are_kept, names_are_unique_per_cluster, paths_find_what_they_mean, lists_narrow_and_select,
                lists_span_clusters,
                intent_and_status_have_different_writers, owners_follow_updates;
            project: round_trip, names_and_namespaces_are_reserved, paths_find_what_they_mean, members_are_replaced,
                access_knows_who_opens_it, lists_narrow_and_select;
            credential: tokens_round_trip, grants_round_trip, lists_are_in_order_of_issue, grants_are_filtered, grants_are_listed_by_state,
                admins_are_found, times_are_set_once;
            revoke: tokens_one_by_one, every_way_to_revoke_tokens, every_way_to_revoke_grants,
                revoking_grants_asks_for_their_work;
            commit: all_or_nothing, updates_name_their_version, closed_parents_refuse, children_are_in_the_way,
                a_lost_lease_refuses, one_bad_among_many_fails_alone, nothing_to_do_is_done,
                a_dropped_caller_cancels_nothing, many_writes_in_one_set;
            race: two_writers_of_one_version, one_name_is_taken_once, deletion_against_creation,
                cluster_deletion_against_tenants, claims_never_overlap, the_last_room_is_taken_once;
            purge: cluster, tenant, project, deleting_all_projects, grants;
            queue: asking_again_keeps_one_row, second_request_survives, earliest_due_first, a_lost_lease_is_anothers,
                many_are_lengthened_at_once,
                only_its_own_lease_is_given_back, failures_are_counted_and_forgotten, looking_again_later,
                an_earlier_request_wins, shares_of_a_cluster, everything_is_asked_for, waiters_wake, timers;
            health: a_store_that_answers_is_of_this_build;
            list: selectors_match_as_in_memory, pages_neither_repeat_nor_skip, cursors_survive_inserts,
                names_sort_by_bytes;
        }
    };
}

/// What the macros of the suites have in common: a module per group, a test per function, an adapter per test.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance {
    (@groups $room:ident, $make:expr; ) => {};
    (@groups $room:ident, $make:expr; $group:ident: $($test:ident),+; $($rest:tt)*) => {
        mod $group {
            #[expect(unused_imports, reason = "the expression may need nothing of the caller's")]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let adapter = $make.await;
                    $crate::testing::suite::$room::$group::$test(&*adapter).await;
                }
            )+
        }
        $crate::conformance! { @groups $room, $make; $($rest)* }
    };
    ($name:ident, $room:ident, $make:expr; $($rest:tt)*) => {
        mod $name {
            #[expect(unused_imports, reason = "the expression may need nothing of the caller's")]
            use super::*;
            $crate::conformance! { @groups $room, $make; $($rest)* }
        }
    };
}

/// Makes a module of tests, one per function of the clusters' suites.
///
/// The expression is awaited and gives something that dereferences to a
/// [`Ground`](crate::testing::suite::cluster::Ground). The crate that calls this needs tokio with `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! cluster_conformance {
    ($name:ident, $make:expr) => {
        $crate::conformance! { $name, cluster, $make;
            probe: describes_itself, tells_its_capabilities, has_a_tenancy_that_works;
            platform: comes_and_goes, carries_the_accounts, shows_foreign_changes;
            tenant: absent_is_absent, converges_and_rests, follows_its_intent, owners_come_and_go, owners_stand_alone,
                a_foreign_name_is_taken, another_tenants_name_is_taken, shows_foreign_changes,
                takes_its_namespaces_along;
            project: absent_is_absent, converges_and_rests, follows_its_intent, a_foreign_name_is_taken,
                another_projects_name_is_taken, needs_its_tenant, shows_foreign_changes, goes_in_its_own_time,
                is_made_anew;
            binding: subjects_are_exact, are_their_projects_own, need_their_namespace, show_foreign_changes;
            account: absent_is_absent, lives_until_it_is_removed, access_follows_the_bindings,
                tokens_die_with_their_secret;
            release: orphans_keep_what_tenants_have;
            watch: own_writes_are_no_news;
        }
    };
}

/// Makes a module of tests, one per function of the fleets' suites.
///
/// The expression is awaited and gives something that dereferences to a
/// [`FleetGround`](crate::testing::suite::fleet::FleetGround). The crate that calls this needs tokio with `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! fleet_conformance {
    ($name:ident, $make:expr) => {
        $crate::conformance! { $name, fleet, $make;
            admission: what_is_stored_is_good_again, nonsense_is_refused, silence_is_refused, proxies_are_checked,
                proxies_are_rebuilt;
            backends: strangers_are_unreachable, are_kept_until_forgotten, follow_the_registered_proxy,
                refuse_another_cluster;
            proxy: kubeconfigs_hold_exactly_their_parts, the_direct_way_is_ready, a_custom_proxy_answers_or_not;
        }
    };
}
