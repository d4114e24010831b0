//! The program, and who calls it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use iop::hl7::mllp::{Decoder, encode};
use iop::hl7::{Hl7, hl7};
use iop_tests::child::{Ground, Process, read};

/// A running program and where it listens.
pub(crate) struct Ward {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

/// The production of `tests/programs/mllp.rs`.
pub(crate) fn ground() -> Ground {
    Ground::new(env!("CARGO_BIN_EXE_mllp_program"))
}

/// Starts run `number` of it, with settings as behind `--set`.
pub(crate) fn started(ground: &Ground, number: usize, settings: &[&str]) -> Ward {
    let arguments: Vec<&str> = ["run"].into_iter().chain(settings.iter().flat_map(|one| ["--set", one])).collect();
    let mut process = ground.start(&arguments);
    let log = ground.path(&format!("err-{number}.log"));
    let address = || {
        let said = read(&log);
        let (_, behind) = said.split_once("listens for HL7 on ")?;
        let (address, _) = behind.split_once(|c: char| c.is_whitespace())?;
        address.parse().ok()
    };
    let mut found = None;
    process.wait_for("it listens", || {
        found = address();
        found.is_some()
    });
    Ward { process, address: found.expect("it was found") }
}

/// Who was kept, in order.
pub(crate) fn kept(ground: &Ground) -> Vec<String> {
    let lines = read(&ground.path("out/lines.txt"));
    lines.lines().filter_map(|line| line.split_once(' ')).map(|(_, id)| id.to_owned()).collect()
}

/// A message of an event, with a control id.
pub(crate) fn message(event: &str, control_id: &str) -> String {
    format!("MSH|^~\\&|ADT|X|EHR|Y|20260102||ADT^{event}|{control_id}|P|2.5.1\rPID|1||4711^^^X^MR||Doe^Jo\r")
}

/// A connection to a listener.
pub(crate) struct Caller {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
}

impl Caller {
    pub(crate) fn of(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).expect("it listens"))
    }

    /// The end of a connection.
    pub(crate) fn over(stream: TcpStream) -> Self {
        // What does not come within this time does not come.
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time");
        Self { stream, decoder: Decoder::new(1 << 20) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it is connected");
    }

    pub(crate) fn send(&mut self, message: &str) {
        self.write(&encode(message.as_bytes()).expect("a frame"));
    }

    /// The next answer; `None` where the listener has ended the connection.
    pub(crate) fn answer(&mut self) -> Option<Hl7> {
        let mut chunk = [0; 4096];
        loop {
            if let Some(bytes) = self.decoder.next_message().expect("frames") {
                return Some(Hl7::from_bytes(&bytes).expect("a message"));
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(length) => self.decoder.push(&chunk[..length]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }

    /// Code, control id and text of the next answer.
    pub(crate) fn told(&mut self) -> Option<(String, String, String)> {
        let answer = self.answer()?;
        let at = |path| answer.get(path).to_string();
        Some((at(hl7!(MSA:1)), at(hl7!(MSA:2)), at(hl7!(MSA:3))))
    }

    /// Sends a message, and code and text of the answer to it.
    pub(crate) fn tells(&mut self, message: &str) -> Option<(String, String)> {
        self.send(message);
        let sent = Hl7::parse(message).expect("a message");
        self.told().map(|(code, id, text)| {
            assert_eq!(id, sent.control_id());
            (code, text)
        })
    }
}

impl Caller {
    /// The same where the connection may be closed at any time.
    pub(crate) fn try_tells(&mut self, message: &str) -> Option<(String, String)> {
        let frame = encode(message.as_bytes()).expect("a frame");
        self.stream.write_all(&frame).ok()?;
        self.told().map(|(code, _, text)| (code, text))
    }
}

pub(crate) fn told(code: &str, text: &str) -> Option<(String, String)> {
    Some((code.to_owned(), text.to_owned()))
}
