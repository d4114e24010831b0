//! A component without an engine: contents that lie beside messages, chunks, and exchanges in both directions.

use iop::prelude::*;
use iop::testing::{Harness, NoResponse};

#[message(response = Seen)]
pub struct Scan {
    image: Blob,
}

#[message]
pub struct Seen {
    size: u64,
    negative: Blob,
}

/// Makes a negative of a picture.
#[business_operation]
pub struct Darkroom;

#[handlers]
impl Darkroom {
    async fn scan(&mut self, scan: Scan, cx: &mut Context) -> Result<Seen> {
        let mut picture = cx.open_blob(&scan.image).await?;
        let mut negative = Vec::new();
        while let Some(piece) = picture.chunk().await? {
            negative.extend(piece.iter().map(|byte| !byte));
        }
        Ok(Seen { size: scan.image.size(), negative: cx.store_blob(&negative[..]).await? })
    }
}

#[tokio::test]
async fn a_content_of_the_test_is_read_and_one_of_the_component_is_looked_at() {
    let mut harness = Harness::of(Darkroom);
    // More than one piece.
    let picture = vec![1; 200_000];
    let image = harness.store_blob(&picture).await;
    let seen = harness.handle(Scan { image }).await.response();
    assert_eq!(seen.size, 200_000);
    assert_eq!(harness.content(&seen.negative).await, vec![254; 200_000]);
}

#[tokio::test]
async fn a_content_that_nobody_has_stored_fails_for_good() {
    let image = Harness::of(Darkroom).store_blob(b"elsewhere").await;
    let handled = Harness::of(Darkroom).handle(Scan { image }).await;
    assert_eq!(handled.error().disposition(), Disposition::Fatal);
    assert!(handled.error().chain().starts_with("the store has no content"), "{handled}");
}

#[message]
pub struct Row {
    number: u32,
}

#[message(response = Count, chunk = Row)]
pub struct Query {
    rows: u32,
}

#[message]
pub struct Count {
    rows: u32,
}

#[message(response = Count)]
pub struct Sum {
    rows: u32,
}

/// Gives rows, and fails at the fifth.
#[business_operation]
pub struct Database;

#[handlers]
impl Database {
    async fn rows(&mut self, query: Query, cx: &mut Context) -> Result<Count> {
        for number in 0..query.rows {
            if number == 4 {
                return Err(Error::fatal("the disk is full"));
            }
            cx.emit::<Query>(Row { number }).await?;
        }
        Ok(Count { rows: query.rows })
    }

    async fn sum(&mut self, _: Sum, cx: &mut Context) -> Result<Count> {
        cx.emit::<Query>(Row { number: 1 }).await?;
        Ok(Count { rows: 1 })
    }
}

/// Adds rows up.
#[business_process]
pub struct Adder {
    #[target]
    database: Target<Query>,
}

#[handlers]
impl Adder {
    async fn sum(&mut self, sum: Sum, cx: &mut Context) -> Result<Count> {
        let mut rows = cx.send_generator_request(&self.database, Query { rows: sum.rows }).await?;
        let mut total = 0;
        while let Some(row) = rows.next().await {
            total += row?.number;
        }
        Ok(Count { rows: total * rows.response().await?.rows })
    }
}

fn numbers(rows: &[&Row]) -> Vec<u32> {
    rows.iter().map(|row| row.number).collect()
}

#[tokio::test]
async fn the_chunks_of_a_handler_are_there_beside_its_response_and_also_where_it_failed_later() {
    let mut harness = Harness::of(Database);
    let handled = harness.handle(Query { rows: 3 }).await;
    assert_eq!((numbers(&handled.chunks::<Query>()), handled.response().rows), (vec![0, 1, 2], 3));
    let failed = harness.handle(Query { rows: 9 }).await;
    assert_eq!(numbers(&failed.chunks::<Query>()), [0, 1, 2, 3], "and none of the turn before");
    assert_eq!(failed.error().to_string(), "the disk is full");
    let refused = harness.handle(Sum { rows: 1 }).await;
    assert_eq!(refused.error().to_string(), "this turn works on no `Query`", "as the engine refuses it");
}

#[tokio::test]
async fn a_script_answers_in_chunks_and_then_with_the_response_or_without_one() {
    let rows = |query: &Query| (1..=query.rows).map(|number| Row { number }).collect::<Vec<_>>();
    let mut harness =
        Harness::<Adder>::new().answer_in_chunks(move |query: Query| (rows(&query), Ok(Count { rows: 10 })));
    let handled = harness.handle(Sum { rows: 3 }).await;
    assert_eq!(handled.response().rows, 60);
    assert_eq!(handled.sent::<Query>()[0].message.rows, 3);

    let broken = |_: Query| (vec![Row { number: 1 }], Err(NoResponse::Suspended("the line broke".to_owned())));
    let handled = Harness::<Adder>::new().answer_in_chunks(broken).handle(Sum { rows: 3 }).await;
    assert_eq!(handled.error().to_string(), "`database` suspended the request (poison): the line broke");
}

#[message(response = Count, chunk = Row, input = Row)]
pub struct Connect {
    user: String,
}

/// Says the sum after each number.
#[business_operation]
pub struct Terminal;

#[handlers]
impl Terminal {
    async fn connect(&mut self, _: Connect, cx: &mut Context) -> Result<Count> {
        let mut sum = 0;
        while let Some(input) = cx.receive::<Connect>().await? {
            sum += input.number;
            cx.emit::<Connect>(Row { number: sum }).await?;
        }
        Ok(Count { rows: sum })
    }
}

/// Gives a terminal one number more than it has said.
#[business_process]
pub struct Operator {
    #[target]
    terminal: Target<Connect>,
}

#[handlers]
impl Operator {
    async fn sum(&mut self, sum: Sum, cx: &mut Context) -> Result<Count> {
        let mut terminal = cx.open_duplex(&self.terminal, Connect { user: "eve".to_owned() }).await?;
        terminal.send(Row { number: sum.rows }).await?;
        while let Some(row) = terminal.next().await {
            terminal.send(Row { number: row?.number + 1 }).await?;
        }
        Ok(terminal.response().await?)
    }
}

#[tokio::test]
async fn both_ends_of_a_duplex_exchange_are_tested_by_themselves() {
    let input = [2, 5].map(|number| Row { number });
    let handled = Harness::of(Terminal).input_of::<Connect>(input).handle(Connect { user: "eve".to_owned() }).await;
    assert_eq!((numbers(&handled.chunks::<Connect>()), handled.response().rows), (vec![2, 7], 7));

    let said = |_: Connect| (vec![Row { number: 7 }, Row { number: 8 }], Ok(Count { rows: 3 }));
    let handled = Harness::<Operator>::new().answer_in_chunks(said).handle(Sum { rows: 1 }).await;
    assert_eq!(numbers(&handled.input::<Connect>()), [1, 8, 9]);
    assert_eq!(handled.response().rows, 3);
}
