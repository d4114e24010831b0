//! Rows that are written many to a statement: to begin and to end one costs more than what it does for a small row.

use bytes::Bytes;
use rusqlite::Result;

use super::checksum;
use super::row::{signed, text_or_blob};
use super::writer::Writer;
use crate::message::MessageId;

/// Bodies to a statement.
const BODIES: usize = 8;
/// Postings to a statement.
const POSTINGS: usize = 16;

/// So many bodies at once.
pub(super) const INSERT_BODIES: &str = "
    INSERT INTO body (sequence, digest, body)
    VALUES (?1, ?2, ?3), (?4, ?5, ?6), (?7, ?8, ?9), (?10, ?11, ?12), (?13, ?14, ?15), (?16, ?17, ?18), (?19, ?20, ?21),
        (?22, ?23, ?24)";

/// So many postings of one class at once.
pub(super) const INSERT_POSTINGS: &str = "
    INSERT OR IGNORE INTO posting (class, sequence)
    VALUES (?1, ?2), (?1, ?3), (?1, ?4), (?1, ?5), (?1, ?6), (?1, ?7), (?1, ?8), (?1, ?9), (?1, ?10), (?1, ?11), (?1, ?12),
        (?1, ?13), (?1, ?14), (?1, ?15), (?1, ?16), (?1, ?17)";

/// The body of a message that was stored in the transaction under way.
#[derive(Debug)]
pub(super) struct Body {
    sequence: i64,
    digest: i64,
    body: Bytes,
}

impl Body {
    pub(super) fn new(sequence: u64, id: MessageId, body: &Bytes) -> Self {
        Self { sequence: signed(sequence), digest: checksum::of_body(id, body), body: body.clone() }
    }
}

impl Writer<'_> {
    /// Writes the bodies of the messages that were stored. Before anything reads one, and before the commit.
    pub(super) fn flush_bodies(&mut self) -> Result<()> {
        let bodies = std::mem::take(&mut self.bodies);
        let (many, few) = bodies.as_chunks::<BODIES>();
        for chunk in many {
            let statement = &mut self.sql.insert_bodies;
            for (at, body) in chunk.iter().enumerate() {
                statement.raw_bind_parameter(3 * at + 1, body.sequence)?;
                statement.raw_bind_parameter(3 * at + 2, body.digest)?;
                statement.raw_bind_parameter(3 * at + 3, text_or_blob(&body.body))?;
            }
            statement.raw_execute()?;
        }
        for body in few {
            self.sql.insert_body.execute((body.sequence, body.digest, text_or_blob(&body.body)))?;
        }
        Ok(())
    }

    /// Writes postings of one class, in their order.
    pub(super) fn insert_postings(&mut self, class: i64, sequences: &[i64]) -> Result<()> {
        let (many, few) = sequences.as_chunks::<POSTINGS>();
        for chunk in many {
            let statement = &mut self.sql.insert_postings;
            statement.raw_bind_parameter(1, class)?;
            for (at, sequence) in chunk.iter().enumerate() {
                statement.raw_bind_parameter(at + 2, sequence)?;
            }
            statement.raw_execute()?;
        }
        for sequence in few {
            self.sql.insert_posting.execute((class, sequence))?;
        }
        Ok(())
    }
}
