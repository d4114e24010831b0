//! A production that splits lists, and gathers what comes of them by key: to be killed, and to be measured.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use iop::adapter::file::{FileInbound, ReceivedFile};
use iop::prelude::*;

/// `count` numbers that belong to `groups` groups by turns.
#[message]
struct List {
    count: u64,
    groups: u64,
}

#[message]
struct Number {
    #[key]
    group: u64,
    piece: Piece,
}

#[message]
struct Batch {
    #[key]
    group: u64,
    numbers: Vec<u64>,
}

#[message]
struct Tally {
    count: u64,
}

#[business_service(adapter = FileInbound)]
struct Lists {
    #[target]
    out: Target<List>,
}

#[handlers]
impl Lists {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        let (count, groups) = file.text()?.trim().split_once(' ').ok_or_else(|| Error::fatal("two numbers"))?;
        cx.send_request_async(&self.out, List { count: count.parse()?, groups: groups.parse()? }).await?;
        Ok(())
    }
}

#[business_process]
struct Splitter {
    #[target]
    numbers: Target<Number>,
}

#[handlers]
impl Splitter {
    async fn split(&mut self, list: List, cx: &mut Context) -> Result {
        let number = |piece: Piece, number: u64| Ok(Number { group: number % list.groups, piece });
        cx.split(&self.numbers, 0..list.count, number).await?;
        Ok(())
    }
}

/// Ten numbers of one group become a batch, and the rest when nothing has come for a while.
#[business_process(correlate = group)]
struct Batcher {
    #[setting(default = 10)]
    size: usize,
    #[setting(default = "2s")]
    patience: Duration,
    #[target]
    out: Target<Batch>,
    #[state]
    group: u64,
    #[state]
    numbers: Vec<u64>,
}

#[handlers]
impl Batcher {
    async fn take(&mut self, number: Number, cx: &mut Context) -> Result {
        if self.numbers.is_empty() {
            cx.set_timer(self.patience, "patience").await?;
        }
        self.group = number.group;
        self.numbers.push(number.piece.position);
        if self.numbers.len() == self.size {
            self.release(cx).await?;
        }
        Ok(())
    }

    async fn on_timer(&mut self, _: Timer, cx: &mut Context) -> Result {
        self.release(cx).await
    }
}

impl Batcher {
    async fn release(&mut self, cx: &mut Context) -> Result {
        let batch = Batch { group: self.group, numbers: std::mem::take(&mut self.numbers) };
        cx.send_request_async(&self.out, batch).response_required(false).await?;
        cx.end_group()
    }
}

/// Writes a line for each batch: one more where it is killed between line and commit.
#[business_operation]
struct Printer {}

#[handlers]
impl Printer {
    async fn print(&mut self, batch: Batch) -> Result {
        let mut file = OpenOptions::new().create(true).append(true).open("printed.txt")?;
        writeln!(file, "{} {:?}", batch.group, batch.numbers)?;
        Ok(())
    }
}

/// Counts what comes of a list, whatever group it is of.
#[business_process(correlate = piece)]
struct Counter {
    #[target]
    out: Target<Tally>,
    #[state]
    pieces: Pieces,
}

#[message]
struct Counted {
    #[key]
    piece: Piece,
}

#[business_process]
struct CountSplitter {
    #[target]
    out: Target<Counted>,
}

#[handlers]
impl CountSplitter {
    async fn split(&mut self, list: List, cx: &mut Context) -> Result {
        cx.split(&self.out, 0..list.count, |piece, _| Ok(Counted { piece })).await?;
        Ok(())
    }
}

#[handlers]
impl Counter {
    async fn count(&mut self, counted: Counted, cx: &mut Context) -> Result {
        self.pieces.arrive(&counted.piece);
        if self.pieces.is_complete() {
            cx.send_request_async(&self.out, Tally { count: self.pieces.len() }).response_required(false).await?;
            cx.end_group()?;
        }
        Ok(())
    }
}

#[business_operation]
struct TallyPrinter {}

#[handlers]
impl TallyPrinter {
    async fn print(&mut self, tally: Tally) -> Result {
        std::fs::write("tally.txt", tally.count.to_string())?;
        Ok(())
    }
}

production! {
    /// Lists become batches.
    Batches {
        lists: Lists { path: "in", call_interval: "50ms", out: splitter },
        splitter: Splitter { numbers: batcher },
        #[item(pool_size = 4)]
        batcher: Batcher { out: printer },
        printer: Printer {},
    }
}

production! {
    /// Lists are counted.
    Counts {
        lists: Lists { path: "in", call_interval: "50ms", out: splitter },
        splitter: CountSplitter { out: counter },
        counter: Counter { out: printer },
        printer: TallyPrinter {},
    }
}

/// Asks for rows that come one by one.
#[message(response = Exported, chunk = Row)]
struct Export {
    rows: u64,
}

#[message]
struct Row {
    number: u64,
}

#[message]
struct Exported {
    rows: u64,
}

/// Gives rows, and stands still in the middle until there is a file `go`.
#[business_operation]
struct Exporter {}

#[handlers]
impl Exporter {
    async fn export(&mut self, export: Export, cx: &mut Context) -> Result<Exported> {
        for number in 0..export.rows {
            if number == export.rows / 2 && !Path::new("go").exists() {
                std::future::pending::<()>().await;
            }
            cx.emit::<Export>(Row { number }).await?;
        }
        Ok(Exported { rows: export.rows })
    }
}

/// Adds up the rows of a list. Writes a line when it has taken the first half.
#[business_process]
struct Importer {
    #[target]
    rows: Target<Export>,
    #[target]
    out: Target<Tally>,
}

#[handlers]
impl Importer {
    async fn import(&mut self, list: List, cx: &mut Context) -> Result {
        let mut rows = cx.send_generator_request(&self.rows, Export { rows: list.count }).await?;
        let mut sum = 0;
        while let Some(row) = rows.next().await {
            let Row { number } = row?;
            sum += number;
            if number + 1 == list.count / 2 {
                writeln!(OpenOptions::new().create(true).append(true).open("halves.txt")?, "{sum}")?;
            }
        }
        if rows.response().await?.rows != list.count {
            return Err(Error::fatal("rows are missing"));
        }
        cx.send_request_async(&self.out, Tally { count: sum }).response_required(false).await?;
        Ok(())
    }
}

production! {
    /// Rows of a list are asked for, and added up as they come.
    Imports {
        lists: Lists { path: "in", call_interval: "50ms", out: importer },
        importer: Importer { rows: exporter, out: printer },
        exporter: Exporter {},
        printer: TallyPrinter {},
    }
}

/// The last one of a list ends the process.
#[message(response = Burnt)]
struct Match {
    number: u64,
    is_last: bool,
}

#[message]
struct Burnt {}

/// Strikes the matches of a list; waits for the last one, where the list has groups.
#[business_process]
struct Striker {
    #[target]
    out: Target<Match>,
}

#[handlers]
impl Striker {
    async fn strike(&mut self, list: List, cx: &mut Context) -> Result {
        for number in 1..list.count {
            cx.send_request_async(&self.out, Match { number, is_last: false }).response_required(false).await?;
        }
        let last = Match { number: list.count, is_last: true };
        if list.groups == 0 {
            cx.send_request_async(&self.out, last).response_required(false).await?;
        } else if let Err(error) = cx.send_request_sync(&self.out, last).await {
            std::fs::write("error.txt", error.to_string())?;
        }
        Ok(())
    }
}

/// Burns, before what it burns is stored.
#[business_process]
struct Fire {}

#[handlers]
impl Fire {
    async fn burn(&mut self, one: Match) -> Result<Burnt> {
        if one.is_last {
            std::process::abort();
        }
        writeln!(OpenOptions::new().create(true).append(true).open("burnt.txt")?, "{}", one.number)?;
        Ok(Burnt {})
    }
}

production! {
    /// Something that is sent inside ends the process.
    Fires {
        lists: Lists { path: "in", call_interval: "50ms", out: striker },
        striker: Striker { out: fire },
        fire: Fire {},
    }
}

fn main() -> ExitCode {
    match std::env::var("PRODUCTION").as_deref() {
        Ok("counts") => iop::run::<Counts>(),
        Ok("imports") => iop::run::<Imports>(),
        Ok("fires") => iop::run::<Fires>(),
        _ => iop::run::<Batches>(),
    }
}
