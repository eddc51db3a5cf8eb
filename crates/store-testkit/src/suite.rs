//! Which laws there are, and the macros that make a test of each.

use std::future::Future;

/// Runs a law on a runtime of its own.
pub fn run(law: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.unwrap().block_on(law);
}

/// A test for each law of the sessions port, and one for the model. Takes the name of an `async fn` that makes
/// [`SessionNodes`](crate::SessionNodes) on an empty store.
#[macro_export]
macro_rules! session_store_suite {
    ($fresh:path) => {
        $crate::laws! { $fresh, sessions,
            creation: [a_session_is_read_back_as_it_was_given, an_unknown_origin_stays_unknown, a_first_token_is_recorded_with_its_session, what_was_never_created_is_not_there, many_who_log_in_at_once_are_all_recorded];
            feed: [a_new_feed_is_empty, only_revocations_move_it, markers_come_in_order, a_snapshot_and_deltas_tell_everything, what_has_expired_is_left_out_and_forgotten, numbers_go_on_after_forgetting];
            listing: [the_newest_come_first, pages_follow_without_gap_or_double, newcomers_do_not_disturb_a_list, filters_select, states_are_those_of_the_present_handed_in, words_are_found, a_list_tells_what_the_record_tells, a_rare_one_is_found_among_many];
            losing: [everything_before_ends_and_nothing_after, it_never_goes_back, exactly_one_of_many_begins_it];
            overtaking: [a_marker_of_the_user_overtakes, a_marker_of_the_client_overtakes, a_marker_of_everything_overtakes, a_marker_of_what_began_before_overtakes_only_that, a_marker_of_one_session_overtakes_nobody, a_marker_that_was_forgotten_overtakes, nobody_slips_in_beside_a_revocation];
            refresh: [the_newest_buys_the_next, a_shorter_token_does_not_hide_a_longer_one, a_repeat_within_the_window_converges, a_replay_after_the_window_ends_the_session, an_older_one_is_theft_at_once, a_record_that_is_behind_catches_up, a_refresh_counts_as_use, an_expired_session_gives_out_nothing, an_ended_session_gives_out_nothing, a_revocation_by_a_clock_that_is_ahead_counts_at_once, what_has_no_refresh_tokens_is_unknown];
            refresh_races: [exactly_one_of_many_rotates, many_replays_leave_one_marker, a_refresh_that_races_with_a_revocation_saves_nothing];
            revocation: [a_session_ends_with_its_tokens, a_token_ends_alone, one_marker_ends_everything_of_a_user, one_session_is_spared, all_conditions_must_be_met, the_second_time_counts_nothing, what_was_never_there_leaves_no_marker, what_has_expired_is_not_counted, a_cookies_marker_lives_some_minutes, exactly_one_of_many_counts_a_session, numbers_are_given_once];
            revocation_of_many: [everything_of_a_client_ends, everything_ends, everything_that_began_before_ends, everything_of_a_client_that_began_before_ends, the_marker_outlives_every_token, who_logs_in_afterwards_is_alive, the_first_end_stays];
            superseding: [it_goes_on_until_its_end, a_refresh_under_way_is_answered, the_first_end_stays, exactly_one_of_many_supersedes, what_is_over_stays_as_it_is, a_revocation_ends_it_at_once, the_users_marker_outlives_its_tokens];
            sweeping: [an_empty_store_has_nothing_to_do, the_living_are_left_alone, what_is_long_over_goes, what_was_over_after_the_horizon_stays, old_tokens_of_a_living_session_go, a_repeat_finds_its_token_whatever_the_horizon, the_work_of_many_is_done_in_pieces, the_work_of_several_is_done, all_old_tokens_go_in_pieces, a_limit_is_kept, nodes_may_sweep_at_once];
            token_listing: [the_newest_come_first, filters_select, states_are_those_of_the_present_handed_in, words_are_found];
            touching: [a_session_that_was_seen_says_so, a_time_never_moves_back, many_are_noted_at_once, use_keeps_alive_and_does_not_bring_back, what_was_ended_is_left_alone, a_revocation_by_a_clock_that_is_ahead_counts_at_once, a_new_secret_replaces_the_old_one, secrets_replaced_at_once_follow_one_another, what_has_no_cookie_gets_no_secret];
            waiting: [it_returns_at_once_when_the_feed_has_moved, it_returns_when_nothing_moves, a_follower_at_any_node_learns_of_it, a_wait_can_be_given_up];
        }

        #[test]
        fn the_store_agrees_with_the_model() {
            $crate::model::agrees($fresh);
        }
    };
}

/// A test for each law of the accounts port. Takes the name of an `async fn` that makes
/// [`AccountNodes`](crate::AccountNodes) on an empty store.
#[macro_export]
macro_rules! account_store_suite {
    ($fresh:path) => {
        $crate::laws! { $fresh, accounts,
            audit: [the_newest_come_first, filters_select, nothing_is_lost_when_many_append, the_oldest_are_trimmed, a_wrong_clock_keeps_nothing];
            changes: [every_change_is_told_in_order, what_changed_nothing_is_not_told, who_cannot_follow_is_told_so, many_are_told_piece_by_piece, who_waits_learns_of_it];
            clients: [clients_are_read_back_by_id, a_taken_id_is_refused, exactly_one_of_many_creates_it, it_is_replaced_as_it_was_known, exactly_one_of_many_replaces_it, it_is_removed_once];
            installation: [the_first_values_hold, nodes_that_start_at_once_agree, the_issuer_can_be_replaced];
            keys: [keys_are_read_back_oldest_first, a_change_of_another_set_is_not_made, exactly_one_of_many_rotates];
            setup_link: [without_a_link_nothing_is_good, it_is_good_until_it_expires, a_new_one_replaces_the_old_one, exactly_one_of_many_uses_it];
            users: [a_user_is_read_back_as_it_was_given, a_taken_address_is_refused, exactly_one_of_many_gets_an_address, a_change_changes_what_it_says, a_change_makes_nobody, a_rehash_does_not_undo_a_change, exactly_one_of_many_rehashes, the_newest_come_first, words_are_found, filters_select];
        }
    };
}

/// A test for each law that is listed.
#[doc(hidden)]
#[macro_export]
macro_rules! laws {
    ($fresh:path, $port:ident, $($group:ident: [$($law:ident),* $(,)?];)*) => {
        mod $port {
            use super::*;
            $(mod $group {
                use super::*;
                $(#[test]
                fn $law() {
                    $crate::run(async { $crate::$port::$group::$law($fresh().await).await });
                })*
            })*
        }
    };
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn no_law_is_forgotten() {
        let suite = include_str!("suite.rs");
        for folder in ["sessions", "accounts"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
            for file in std::fs::read_dir(folder).unwrap() {
                let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
                for law in text.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                    let (name, _) = law.split_once('(').unwrap();
                    assert!(suite.contains(name), "{name} is in no suite");
                }
            }
        }
    }
}
