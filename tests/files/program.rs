//! A production from files to lines that kills its own process at the moment that the environment names: after
//! something has been done outside, and before it is committed inside.

#[path = "../programs/mortal.rs"]
mod mortal;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use iop::adapter::file::{FileInbound, FileInboundFields, FileTicket, KeyedLines, ReceivedFile};
use iop::adapter::{Committed, InboundAdapter, Received};
use iop::component::ItemConfig;
use iop::prelude::*;
use iop::settings::SettingDecl;

use mortal::die_at;

/// The adapter, with a moment between the commit and the archive.
struct Inbox(FileInbound);

impl InboundAdapter for Inbox {
    type Input = ReceivedFile;
    type Ticket = FileTicket;
    type Fields = FileInboundFields;
    const SETTINGS: &'static [SettingDecl] = FileInbound::SETTINGS;

    fn build(config: &ItemConfig) -> Result<Self> {
        FileInbound::build(config).map(Self)
    }

    async fn check(&mut self) -> Option<Result> {
        self.0.check().await
    }

    async fn open(&mut self) -> Result {
        self.0.open().await
    }

    async fn receive(&mut self) -> Result<Received<ReceivedFile, FileTicket>> {
        self.0.receive().await
    }

    async fn accepted(&mut self, ticket: FileTicket, receipt: Committed) -> Result {
        die_at("before it is archived");
        self.0.accepted(ticket, receipt).await
    }

    async fn refused(&mut self, ticket: FileTicket, error: &str) -> Result {
        self.0.refused(ticket, error).await
    }
}

#[message]
struct Line {
    text: String,
}

#[business_service(adapter = Inbox)]
struct Intake {
    #[target]
    out: Target<Line>,
}

#[handlers]
impl Intake {
    async fn on_process_input(&mut self, file: ReceivedFile, cx: &mut Context) -> Result {
        die_at("before it is sent");
        for text in file.text()?.lines() {
            cx.send_request_async(&self.out, Line { text: text.to_owned() }).await?;
        }
        die_at("before it is committed");
        Ok(())
    }
}

#[business_operation]
struct Writer {
    #[setting]
    file: PathBuf,
    lines: KeyedLines,
}

#[handlers]
impl Writer {
    async fn on_init(&mut self) -> Result {
        self.lines = KeyedLines::open(&self.file, |line| line.split(' ').next().map(str::to_owned)).await?;
        Ok(())
    }

    async fn on_check(&self) -> Result {
        KeyedLines::check(&self.file).await
    }

    async fn write(&mut self, line: Line) -> Result {
        if line.text.starts_with("3 ") {
            die_at("before a line is written");
            self.tear(&line.text)?;
        }
        self.lines.append(line.text.clone()).await?;
        if line.text.starts_with("3 ") {
            die_at("before a written line is committed");
        }
        Ok(())
    }
}

impl Writer {
    /// Half of a line, as a process leaves it that is killed while it writes.
    fn tear(&self, text: &str) -> Result {
        if std::env::var("KILL_AT").as_deref() == Ok("in the middle of a line") && !std::fs::exists("killed")? {
            OpenOptions::new().append(true).open(&self.file)?.write_all(&text.as_bytes()[..text.len() / 2])?;
        }
        die_at("in the middle of a line");
        Ok(())
    }
}

production! {
    Files {
        intake: Intake { path: "in", stable: "0s", call_interval: "20ms", out: writer },
        writer: Writer { file: "out/lines.txt" },
    }
}

fn main() -> ExitCode {
    iop::run::<Files>()
}
