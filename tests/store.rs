//! The conformance suite of the stores: every law for every store, and what only a store on a disk can get wrong.

#[path = "store/audit.rs"]
mod audit;
#[path = "store/bench.rs"]
mod bench;
#[path = "store/damage.rs"]
mod damage;
#[path = "store/directory.rs"]
mod directory;
#[path = "store/failures.rs"]
mod failures;
#[path = "store/full.rs"]
mod full;
#[path = "store/golden.rs"]
mod golden;
#[path = "store/jobs.rs"]
mod jobs;
#[path = "store/keeping.rs"]
mod keeping;
#[path = "store/keys.rs"]
mod keys;
#[path = "store/kill.rs"]
mod kill;
#[path = "store/laws.rs"]
mod laws;
#[path = "store/leases.rs"]
mod leases;
#[path = "store/purge.rs"]
mod purge;
#[path = "store/rot.rs"]
mod rot;
#[path = "store/search.rs"]
mod search;
#[path = "store/states.rs"]
mod states;
#[path = "store/suspects.rs"]
mod suspects;
#[path = "store/viewer.rs"]
mod viewer;

/// Runs each law against each store.
macro_rules! laws {
    ($($module:ident { $($law:ident)* })*) => {
        mod memory {
            $(mod $module {
                $(#[tokio::test] async fn $law() { crate::$module::$law(crate::bench::Memory::new()).await; })*
            })*
        }

        mod sqlite {
            $(mod $module {
                $(#[tokio::test] async fn $law() { crate::$module::$law(crate::bench::Sqlite::new()).await; })*
            })*
        }
    };
}

laws! {
    laws {
        l1_an_acknowledged_message_survives
        l2_the_same_message_id_twice_is_one_message
        l2_a_duplicate_gives_no_lease
        l3_a_step_shows_all_of_itself
        l3_a_refused_step_shows_nothing
        l4_repeating_a_committed_step_changes_nothing
        l4_repeating_a_marked_step_changes_nothing
        l4_a_lost_lease_is_not_taken_for_a_repetition
        l5_an_expired_lease_cannot_commit
        l5_a_lease_that_was_extended_can_commit
        l5_a_lease_ends_with_its_message
        l6_the_live_leases_of_an_ordered_queue_belong_to_one_node
        l6_the_leases_of_an_ordered_queue_are_its_head
        l6_order_is_kept_by_the_next_opening
        l7_a_stale_fence_cannot_commit
        l7_fences_rise_over_every_opening
        l8_higher_priority_first_then_sequence
        l9_nothing_is_delivered_before_it_is_due
        l10_purge_never_removes_what_is_unfinished
        l10_purge_keeps_a_session_whose_process_has_state
        l11_a_reader_sees_every_acknowledged_step
    }
    jobs {
        a_job_is_there_with_its_messages_at_the_next_opening
        what_came_of_a_message_of_a_job_is_said_once
        a_job_that_is_removed_takes_its_messages_with_it
    }
    leases {
        a_message_that_is_handed_over_is_leased_from_the_start
        a_started_message_is_in_flight
        a_start_over_a_lost_lease_refuses_the_step
        a_failed_message_is_retried_when_it_is_due
        a_retry_that_keeps_its_lease_goes_to_nobody_else
        a_message_that_is_given_back_counts_no_attempt
        a_retrying_message_holds_back_only_an_ordered_queue
        an_alarm_for_later_holds_back_nothing
        what_becomes_due_in_great_number_comes_in_its_order_and_all_of_it
        a_new_opening_returns_what_was_in_flight_and_forgets_leases
        a_new_opening_does_not_wait_for_the_next_attempt
        a_lease_sees_every_step_submitted_before
        a_cluster_lease_belongs_to_one_node_until_it_expires
    }
    keys {
        l6_each_key_comes_in_its_order_to_one_node
        a_backlog_of_one_key_does_not_keep_another_from_being_read
        a_retrying_message_holds_back_its_own_key_only
        a_retry_that_keeps_its_lease_holds_its_key_back_too
        a_message_that_goes_to_another_queue_waits_its_turn_in_its_new_order
        a_message_that_was_tried_is_a_new_one_at_another_item
        a_higher_priority_overtakes_inside_its_key
        a_parked_key_waits_for_a_person_and_takes_up_its_order_again
        parked_messages_of_one_key_come_in_their_order_however_they_are_resumed
        a_parked_message_that_is_discarded_lets_its_key_go
        what_is_suspended_without_parking_lets_its_key_go
        a_parked_message_of_an_ordered_queue_parks_all_of_it
        a_cancelled_message_lets_its_key_go
    }
    states {
        a_stored_message_comes_back_as_it_was_written
        the_state_of_an_instance_changes_by_versions
        a_state_that_was_changed_in_between_refuses_the_step
        what_is_cancelled_expires_unless_it_is_in_flight
        the_response_to_an_abandoned_request_is_late
        a_suspended_message_waits_for_a_person
        a_discarded_message_names_who_decided
        a_leased_message_cannot_be_discarded
        a_mark_is_known_once_its_step_is_stored
        a_closed_store_refuses_everything
    }
    purge {
        what_a_preview_counts_is_what_goes
        a_type_and_an_item_may_be_kept_longer_or_shorter_than_the_rest
        a_session_goes_as_a_whole_when_its_longest_kept_message_may
        sessions_that_are_named_go_whole_and_alone_and_what_is_not_over_stays
        a_purge_in_small_batches_comes_past_what_is_kept
        a_mark_outlives_its_session_and_then_its_own_time
        lines_of_the_log_go_by_their_age
    }
    audit {
        l12_every_entry_follows_the_one_before
        l12_a_purge_leaves_the_audit_log_alone
        l13_an_act_is_on_record_where_it_is_done
        the_audit_log_is_narrowed_by_every_field_and_paged
    }
    search {
        a_search_finds_what_the_language_says_by_whatever_way
        a_search_is_paged_in_both_directions_and_frozen
        a_message_that_was_moved_is_found_where_it_is
        what_was_purged_is_not_found_and_leaves_nothing_in_the_index
        the_values_of_a_key_are_listed_by_their_beginning
    }
    viewer {
        a_query_is_narrowed_by_every_field
        a_hashed_key_is_found_by_its_value_and_is_not_in_the_index
        the_keys_of_messages_are_found_by_their_sequences_but_for_hashed_ones
        a_query_is_paged_by_sequence
        queues_are_counted_by_state
        the_oldest_of_a_queue_is_the_oldest_of_all_its_priorities_and_states
        events_come_back_in_order_and_by_every_field
    }
}
