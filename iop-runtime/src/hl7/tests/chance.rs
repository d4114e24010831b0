//! What holds of any text: nothing panics, and nothing is lost. Texts by a generator with fixed seeds, so that a failure
//! comes again.

use super::ORU;
use crate::clock::Timestamp;
use crate::hl7::mllp::{Decoder, encode};
use crate::hl7::{Ack, Hl7, Parsed, Path, V251, Value, batch, hl7};

/// xorshift64*: enough to reach odd corners.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    }

    fn text(&mut self, of: &[&str], most: usize) -> String {
        (0..self.next(most + 1)).map(|_| of[self.next(of.len())]).collect()
    }
}

/// What divides, escapes, ends and is none; letters, and characters of several bytes.
const PIECES: [&str; 26] = [
    "|", "^", "~", "\\", "&", "\r", "\n", "\"\"", "\\F\\", "\\X0D\\", "\\X", "\\.br\\", "\\H\\", "A", "é", "日",
    "\u{feff}", "MSH", "PID|", "\rPID|", "\rZZ1|", "\u{b}", "\u{1c}", "\0", " ", "#",
];

fn paths() -> Vec<Path> {
    let mut paths = vec![hl7!(MSH:1), hl7!(MSH:2), hl7!(MSH:9.2), hl7!(MSH:18), hl7!(PID:39)];
    for text in ["PID-3", "PID-3[2]", "PID-3[3].4", "PID-3.4.2", "PID-5.1", "PID-5.1.3", "PID-8", "OBX[2]-5", "NTE-3"] {
        paths.push(Path::parse(text, &V251).expect("a path"));
    }
    paths
}

/// Messages that are whole, damaged at random places, or of random pieces.
fn messages(seed: u64, count: usize) -> impl Iterator<Item = String> {
    let mut chance = Chance(seed);
    (0..count).map(move |_| match chance.next(3) {
        0 => format!("MSH|^~\\&|{}", chance.text(&PIECES, 40)),
        1 => chance.text(&PIECES, 30),
        _ => {
            let mut text = ORU.to_owned();
            for _ in 0..chance.next(6) {
                let mut at = chance.next(text.len() + 1);
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                let end =
                    if chance.next(2) == 0 { at } else { text[at..].chars().next().map_or(at, |c| at + c.len_utf8()) };
                text.replace_range(at..end, PIECES[chance.next(PIECES.len())]);
            }
            text
        }
    })
}

#[test]
fn whatever_the_text_nothing_panics_and_the_text_stays() {
    let at = Timestamp(1_767_323_045_000_000);
    let (mut read, paths) = (0, paths());
    for text in messages(1, 5_000) {
        let _ = batch(&text);
        let Ok(message) = Hl7::parse(text.clone()) else {
            assert!(Parsed::of(&text).is_err());
            continue;
        };
        read += 1;
        assert_eq!(message.as_str(), text);
        assert_eq!(Hl7::from_bytes_in(text.as_bytes(), crate::hl7::Charset::Utf8).as_ref(), Ok(&message));
        for path in paths.iter().copied() {
            let value = message.get(path);
            assert_eq!(Parsed::of(&text).expect("it was read").parts().get(path), value);
            assert!(message.raw(path).is_some() || value.is_empty(), "{path} of {text:?}");
            let _ = message.repetitions(path).count();
        }
        let _ = message.each(hl7!(OBX)).count();
        let ack = Ack::error(&text).at(hl7!(PID:3)).answer(&message, "1|\r", at);
        assert_eq!(Hl7::parse(ack.as_str()).as_ref(), Ok(&ack), "the answer to {text:?}");
        assert_eq!(message.control_id(), ack.get(hl7!(MSA:2)).to_string(), "the answer to {text:?}");
    }
    assert!(read > 1_000, "only {read} of the texts were messages: the generator has become useless");
}

#[test]
fn what_was_set_is_what_is_got_and_the_rest_of_the_message_stays() {
    let mut chance = Chance(2);
    let (mut set, wanted) = (0, paths());
    for text in messages(3, 4_000) {
        let Ok(before) = Hl7::parse(text) else { continue };
        let path = wanted[chance.next(wanted.len())];
        let value = chance.text(&PIECES, 6);
        let mut message = before.clone();
        if message.set(path, &value).is_err() {
            assert_eq!(message, before);
            continue;
        }
        set += 1;
        assert_eq!(message.get(path), Value::from(&value), "{path} of {before:?}");
        // It is still a message, the same one, with the lines where they are thought to be.
        assert_eq!(Hl7::parse(message.as_str()).as_ref(), Ok(&message), "{path} {value:?} in {:?}", before.as_str());
        let others = wanted.iter().filter(|other| other.segment() != path.segment());
        for other in others {
            assert_eq!(message.raw(*other), before.raw(*other), "{other} after {path}");
        }
        // Emptied again, it says nothing there.
        message.set(path, Value::Empty).expect("it was set before");
        assert!(message.get(path).is_empty());
    }
    assert!(set > 500, "only {set} were set");
}

#[test]
fn any_bytes_are_frames_or_an_error_and_what_was_framed_comes_back() {
    let mut chance = Chance(4);
    for _ in 0..5_000 {
        let bytes: Vec<u8> =
            (0..chance.next(40)).map(|_| [0x0b, 0x1c, b'\r', b'\n', b'a', b'|', 0xff, 0][chance.next(8)]).collect();
        let mut decoder = Decoder::new(1 + chance.next(20));
        for chunk in bytes.chunks(1 + chance.next(7)) {
            decoder.push(chunk);
            while let Ok(Some(_)) = decoder.next_message() {}
        }
        let _ = decoder.finish();
        if let Ok(frame) = encode(&bytes) {
            let mut decoder = Decoder::new(bytes.len());
            decoder.push(&frame);
            assert_eq!(decoder.next_message(), Ok(Some(bytes)));
        }
    }
}
