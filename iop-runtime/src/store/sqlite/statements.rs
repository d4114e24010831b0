//! The statements of the writer, prepared once for each connection. Values are bound, never written into the text.

use rusqlite::{Connection, PrepFlags, Result, Statement};

use super::many;
use super::row::{select_header, select_message};
use super::schema;

/// Prepares every field of the struct that it declares.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident: $sql:expr;)*) => {
        /// Every statement that the writer runs.
        #[derive(Debug)]
        pub(super) struct Statements<'c> {
            $($(#[$doc])* pub(super) $name: Statement<'c>,)*
        }

        impl<'c> Statements<'c> {
            pub(super) fn prepare(connection: &'c Connection) -> Result<Self> {
                // Otherwise they would take SQLite's small and fast memory for themselves, which each run of one needs.
                let flags = PrepFlags::SQLITE_PREPARE_PERSISTENT;
                Ok(Self { $($name: connection.prepare_with_flags($sql, flags)?,)* })
            }
        }

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}

statements! {
    begin: "BEGIN IMMEDIATE";
    commit: "COMMIT";

    /// Nothing, where the id exists.
    insert_message: "
        INSERT INTO message (
            sequence, id, session, parent, position, instance, source, target, type, type_version, kind, invocation, status,
            rank, reason, priority, created, ended, due, attempt, crashes, late, epoch, completion_key, description,
            order_key, parks, digest
        )
        VALUES (
            ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, NULL, ?15, ?16, ?17, ?18, 0, 0, ?19, ?20, ?21, ?22,
            ?23, ?24, ?25
        )
        ON CONFLICT (id) DO NOTHING";
    insert_body: "INSERT INTO body (sequence, digest, body) VALUES (?1, ?2, ?3)";
    insert_bodies: many::INSERT_BODIES;
    insert_key: "INSERT OR IGNORE INTO key (name, value, sequence) VALUES (?1, ?2, ?3)";
    is_late: "SELECT late FROM message WHERE id = ?1";

    /// Takes a message out of its lane.
    start: "UPDATE message SET status = 3, rank = 255 - priority, started = ?2 WHERE sequence = ?1";
    complete: "UPDATE message SET status = 5, rank = NULL, ended = ?2, started = coalesce(?3, started) WHERE sequence = ?1";
    retry: "
        UPDATE message
        SET status = 2, rank = ?2, due = ?2, attempt = attempt + 1, error = ?3, started = coalesce(?4, started),
            failing = coalesce(failing, ?5)
        WHERE sequence = ?1 RETURNING priority";
    suspend: "
        UPDATE message
        SET status = 4, rank = 255 - priority, reason = ?2, attempt = attempt + 1, error = ?3,
            started = coalesce(?4, started), failing = coalesce(failing, ?5)
        WHERE sequence = ?1 RETURNING parks, priority";
    expire_held: "
        UPDATE message SET status = 7, rank = NULL, ended = ?2, error = ?3, started = coalesce(?4, started)
        WHERE sequence = ?1";
    /// Puts what is in flight back where it was.
    give_back: "
        UPDATE message
        SET status = CASE WHEN due IS NULL THEN 0 ELSE 1 END, rank = coalesce(due, 255 - priority)
        WHERE sequence = ?1 AND status = 3";
    expire: "
        UPDATE message SET status = 7, rank = NULL, ended = ?2 WHERE id = ?1 AND status IN (-1, 0, 1, 2)
        RETURNING sequence, target, order_key";
    abandon: "UPDATE message SET late = 1 WHERE id = ?1";

    insert_mark: "INSERT INTO mark (mark, created) VALUES (?1, ?2)";
    is_marked: "SELECT 1 FROM mark WHERE mark = ?1";
    load_state: "SELECT version, data, digest FROM state WHERE instance = ?1";
    state_version: "SELECT version FROM state WHERE instance = ?1";
    write_state: "
        INSERT INTO state (instance, version, data, digest) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (instance) DO UPDATE
        SET version = excluded.version, data = excluded.data, digest = excluded.digest";
    remove_state: "DELETE FROM state WHERE instance = ?1";
    place_of: "SELECT sequence, status FROM message WHERE id = ?1";

    /// Waiting for a time that has come, earliest first.
    due: "
        SELECT sequence FROM message WHERE target = ?1 AND status = ?2 AND rank IS NOT NULL AND rank <= ?3 ORDER BY rank";
    make_ready: "UPDATE message SET status = 0, rank = 255 - priority WHERE sequence = ?1";
    /// In the order of their times.
    not_due: "
        SELECT sequence, rank, 255 - priority FROM message WHERE target = ?1 AND status = ?2 AND rank IS NOT NULL ORDER BY rank";
    /// Best first.
    ready: "
        SELECT sequence, rank FROM message WHERE target = ?1 AND status = 0 AND rank IS NOT NULL ORDER BY rank, sequence";
    /// Whether something of an order key is to be had, in somebody's hands or to be tried again, at this priority or above.
    order_begun: "
        SELECT 1 FROM message
        WHERE target = ?1 AND order_key = ?2 AND rank IS NOT NULL AND status IN (0, 2, 3) AND priority >= ?3 LIMIT 1";
    /// Whether an order key waits for a person.
    order_parked: "
        SELECT 1 FROM message
        WHERE target = ?1 AND order_key = ?2 AND rank IS NOT NULL AND status = 4 AND parks = 1 LIMIT 1";
    /// The priority of what is held of an order key, best first.
    order_held: "
        SELECT priority FROM message WHERE target = ?1 AND order_key = ?2 AND rank IS NOT NULL AND status = -1
        ORDER BY priority DESC LIMIT 1";
    /// Whether something is held that stands in front of a message.
    order_held_before: "
        SELECT 1 FROM message held JOIN message m ON m.id = ?3
        WHERE held.target = ?1 AND held.order_key = ?2 AND held.rank IS NOT NULL AND held.status = -1
          AND (held.priority > m.priority OR (held.priority = m.priority AND held.sequence < m.sequence)) LIMIT 1";
    /// Lets the head of what is held go.
    order_release: "
        UPDATE message SET status = 0 WHERE sequence IN (
            SELECT sequence FROM message WHERE target = ?1 AND order_key = ?2 AND rank IS NOT NULL AND status = -1
            ORDER BY priority DESC, sequence LIMIT ?3)";
    /// Holds what is behind a message of an order key.
    order_hold: "
        UPDATE message SET status = -1
        WHERE target = ?1 AND order_key = ?2 AND rank IS NOT NULL AND status = 0
          AND (priority < ?4 OR (priority = ?4 AND sequence > ?3))
        RETURNING sequence";
    hold: "UPDATE message SET status = -1 WHERE id = ?1 AND status = 0";
    parked: "SELECT sequence, id, order_key, priority FROM message WHERE target = ?1 AND parks = 1 AND status = 4";
    order_key_of: "SELECT order_key FROM message WHERE sequence = ?1";
    message: select_message!("WHERE m.sequence = ?1");
    find: select_message!("WHERE m.id = ?1");
    header: select_header!("FROM message m WHERE m.id = ?1");
    mark_corrupt: "
        UPDATE message SET status = 4, rank = 255 - priority, reason = 2, error = ?2 WHERE sequence = ?1
        RETURNING id, parks, order_key, priority";

    fence: "
        INSERT INTO fence (name, number) VALUES (?1, 1)
        ON CONFLICT (name) DO UPDATE SET number = number + 1
        RETURNING number";

    insert_event: "
        INSERT INTO event (time, level, item, session, message, module, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    forget_events: "DELETE FROM event WHERE number <= ?1";

    class: "
        SELECT number FROM class WHERE source = ?1 AND target = ?2 AND type = ?3 AND kind = ?4 AND priority = ?5";
    insert_class: "
        INSERT INTO class (source, target, type, kind, priority) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING number";
    class_of: "
        SELECT coalesce(source, 0), coalesce(target, 0), type, kind, priority FROM message WHERE sequence = ?1";
    insert_posting: "INSERT OR IGNORE INTO posting (class, sequence) VALUES (?1, ?2)";
    insert_postings: many::INSERT_POSTINGS;
    remove_posting: "DELETE FROM posting WHERE class = ?1 AND sequence = ?2";
    posted: "SELECT sequence FROM posted WHERE one = 1";
    write_posted: "UPDATE posted SET sequence = ?1 WHERE one = 1";
    unposted: "
        SELECT sequence, coalesce(source, 0), coalesce(target, 0), type, kind, priority FROM message
        WHERE sequence > ?1 ORDER BY sequence";
    insert_job: "INSERT INTO job (document) VALUES (?1) RETURNING number";
    insert_job_line: "INSERT INTO job_line (job, place, message) VALUES (?1, ?2, ?3)";
    write_job: "UPDATE job SET document = ?2 WHERE number = ?1";
    /// What has a result keeps it.
    write_job_line: "
        UPDATE job_line SET new = ?3, result = ?4 WHERE job = ?1 AND place = ?2 AND result IS NULL";
    remove_job: "DELETE FROM job WHERE number = ?1";
    remove_job_lines: "DELETE FROM job_line WHERE job = ?1";
    audit_head: "SELECT number, hash FROM audit WHERE number = (SELECT max(number) FROM audit)";
    insert_audit: "
        INSERT INTO audit (number, time, who, role, origin, action, object, reason, before, after, result, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

    resume: "
        UPDATE message
        SET status = 0, rank = 255 - priority, reason = NULL, due = NULL, attempt = 0, crashes = 0, failing = NULL
        WHERE id = ?1 AND status = 4 RETURNING target, order_key";
    move_to: "UPDATE message SET target = ?2, digest = ?3 WHERE sequence = ?1";
    redirect: "
        UPDATE message
        SET target = ?2, digest = ?3, order_key = ?4, parks = ?5, status = ?6, rank = ?7, due = ?8,
            reason = NULL, attempt = 0, crashes = 0, failing = NULL
        WHERE sequence = ?1";
    use_blob: "INSERT INTO blob (hash, sequence, instance) VALUES (?1, ?2, ?3)";
    is_blob_used: "SELECT 1 FROM blob WHERE hash = ?1";
    free_blobs_of: "DELETE FROM blob WHERE sequence = ?1 RETURNING hash";
    free_blobs_of_state: "DELETE FROM blob WHERE instance = ?1 RETURNING hash";
    write_note: "INSERT INTO note (name, text) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET text = excluded.text";
    hold_back: "
        UPDATE message SET status = 4, rank = 255 - priority, reason = ?2, error = ?3 WHERE sequence = ?1";
    discard: "
        UPDATE message SET status = 6, rank = NULL, reason = NULL, ended = ?2 WHERE sequence = ?1
        RETURNING target, order_key";

    remove_message: "DELETE FROM message WHERE sequence = ?1";
    remove_body: "DELETE FROM body WHERE sequence = ?1";
    remove_keys: "DELETE FROM key WHERE sequence = ?1";
    remove_mark: "DELETE FROM mark WHERE mark = ?1";
    remove_event: "DELETE FROM event WHERE number = ?1";

    meta: schema::META;
    write_meta: "UPDATE meta SET epoch = ?1, commits = ?2, hash = ?3, sequence = ?4, accepted = ?5, purged = ?6";
    highest_sequence: "SELECT coalesce(max(sequence), 0) FROM message";

    /// What was in flight in a crash …
    was_in_flight: "
        SELECT sequence, crashes, parent, rank IS NOT NULL AND status <> 4 FROM message WHERE id = ?1";
    /// … is tried again, or goes to a person.
    count_crash: "UPDATE message SET crashes = crashes + 1 WHERE sequence = ?1";
    suspend_suspect: "
        UPDATE message SET crashes = crashes + 1, status = 4, reason = 4, error = ?2, rank = 255 - priority WHERE sequence = ?1
        RETURNING target, order_key";
    /// What is in flight goes back.
    put_back: "
        UPDATE message SET status = 0, rank = 255 - priority WHERE target = ?1 AND status = 3 AND rank IS NOT NULL";
    note: "SELECT text FROM note WHERE name = ?1";
    /// A new opening does not wait for the next attempt.
    retry_now: "
        UPDATE message SET status = 0, rank = 255 - priority WHERE target = ?1 AND status = 2 AND rank IS NOT NULL";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_statement_of_the_writer_reads_a_whole_table() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(schema::TABLES).unwrap();
        // The one row of `meta` is all of it; what is scanned for many rows are those rows.
        let others = ["begin", "commit", "meta", "write_meta", "insert_bodies", "insert_postings"];
        for (name, sql) in ALL.iter().filter(|(name, _)| !others.contains(name)) {
            let mut plan = connection.prepare(&["EXPLAIN QUERY PLAN ", sql].concat()).unwrap();
            let parameters = vec![None::<i64>; plan.parameter_count()];
            let steps = plan.query_map(rusqlite::params_from_iter(parameters), |row| row.get::<_, String>(3)).unwrap();
            for step in steps.map(Result::unwrap) {
                assert!(!step.starts_with("SCAN") && !step.contains("TEMP B-TREE"), "{name}: {step}");
            }
        }
    }
}
