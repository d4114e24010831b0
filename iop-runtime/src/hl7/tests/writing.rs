//! What is written into messages, and bytes.

use super::{ORU, oru};
use crate::hl7::{Charset, CharsetError, Hl7, SetError, Value, hl7};

fn line(message: &Hl7, name: &str) -> String {
    message.parts().segments().find(|(one, _)| *one == name).map_or(String::new(), |(_, line)| line.to_owned())
}

#[test]
fn what_is_set_is_escaped_and_everything_else_stays_to_the_letter() {
    let mut message = oru();
    message.set(hl7!(PID:5.1), "O|H^a~r&a\\").expect("a place");
    assert_eq!(message.get(hl7!(PID:5.1)).text().as_deref(), Some("O|H^a~r&a\\"));
    assert_eq!(message.as_str(), ORU.replace("Doe", "O\\F\\H\\S\\a\\R\\r\\T\\a\\E\\"));
    message.set(hl7!(PID:5.1), "Doe").expect("a place");
    assert_eq!(message, oru());
}

#[test]
fn what_is_missing_in_front_of_a_place_comes_to_be_empty() {
    let mut message = Hl7::parse("MSH|^~\\&|A\rPID|1\rPV1|1\r").expect("a message");
    message.set(hl7!(PID:5[2].3), "x").expect("a place");
    assert_eq!(line(&message, "PID"), "PID|1||||~^^x");
    message.set(hl7!(PID:5.1.3), "y").expect("a place");
    assert_eq!(line(&message, "PID"), "PID|1||||&&y~^^x");
    message.set(hl7!(PV1:3.4.2), "z").expect("a place");
    assert_eq!(message.as_str(), "MSH|^~\\&|A\rPID|1||||&&y~^^x\rPV1|1||^^^&z\r");
    // Nothing to say needs no place.
    message.set(hl7!(PV1:40), "").expect("a place");
    assert_eq!(line(&message, "PV1"), "PV1|1||^^^&z");
}

#[test]
fn nothing_and_none_are_written_as_what_they_are() {
    let mut message = oru();
    message.set(hl7!(PID:5), Value::Null).expect("a place");
    assert!(message.get(hl7!(PID:5)).is_null());
    // What was said to be none has no parts beside the new one.
    message.set(hl7!(PID:5.2), "Jo").expect("a place");
    assert_eq!(message.raw(hl7!(PID:5)), Some("^Jo"));
    message.set(hl7!(PID:5), Value::Empty).expect("a place");
    assert!(message.get(hl7!(PID:5)).is_empty());
    message.set(hl7!(PID:5), "\"\"").expect("a place");
    assert_eq!(message.get(hl7!(PID:5)), Value::Text("\"\"".into()));
}

#[test]
fn the_other_repetitions_stay_unless_the_whole_field_is_written_raw() {
    let mut message = oru();
    message.set(hl7!(PID:3.1), "1").expect("a place");
    message.set(hl7!(PID:3[2]), "2").expect("a place");
    assert_eq!(message.raw(hl7!(PID:3)), Some("1^^^X&1.2&ISO^MR~2"));
    message.set(hl7!(PID:3), "3").expect("a place");
    assert_eq!(message.raw(hl7!(PID:3)), Some("3~2"));
    message.set_raw(hl7!(PID:3), "4^^^A~5^^^B").expect("a place");
    assert_eq!(message.get(hl7!(PID:3[2].1)).to_string(), "5");
}

#[test]
fn what_cannot_be_written_is_refused_and_the_message_stays() {
    let mut message = Hl7::parse("MSH|^|A\rPID|1\r").expect("a message");
    let before = message.clone();
    let path = hl7!(PID:5);
    assert_eq!(message.set(hl7!(PV1:2), "I"), Err(SetError::NoSegment { path: hl7!(PV1:2) }));
    assert_eq!(message.set(hl7!(PID:5).occurrence(2), "I"), Err(SetError::NoSegment { path: path.occurrence(2) }));
    assert_eq!(message.set(hl7!(MSH:2), "^~"), Err(SetError::Header { path: hl7!(MSH:2) }));
    assert_eq!(message.set(path, "a|b"), Err(SetError::Separator { path }));
    assert_eq!(message.set(hl7!(PID:3[2]), "a"), Err(SetError::Separator { path: hl7!(PID:3[2]) }));
    for raw in ["a|b", "a\rb", "a\nb"] {
        assert_eq!(message.set_raw(path, raw), Err(SetError::Divides { path }));
    }
    assert_eq!(message.set_raw(hl7!(PID:5.1), "a^b"), Err(SetError::Divides { path: hl7!(PID:5.1) }));
    assert_eq!(message, before);
}

#[test]
fn a_segment_is_added_behind_the_last_of_its_name_or_at_the_end() {
    for ending in ["\r", "\n", "\r\n"] {
        let text = |lines: &[&str]| lines.join(ending) + ending;
        let mut message = Hl7::parse(text(&["MSH|^~\\&|A", "OBX|1", "NTE|1"])).expect("a message");
        message.add_segment(hl7!(OBX));
        message.set(hl7!(OBX[2]:1), "2").expect("it is there");
        message.add_segment(hl7!(PV1));
        message.set(hl7!(PV1:2), "I").expect("it is there");
        assert_eq!(message.as_str(), text(&["MSH|^~\\&|A", "OBX|1", "OBX|2", "NTE|1", "PV1||I"]));
        assert_eq!(Hl7::parse(message.as_str()).as_ref(), Ok(&message));
    }
    let mut message = Hl7::parse("MSH|^~\\&|A").expect("a message");
    message.add_segment(hl7!(PID));
    assert_eq!(message.as_str(), "MSH|^~\\&|A\rPID");
}

#[test]
fn parts_of_a_message_with_other_separators_are_written_with_those_of_this_one() {
    let other = Hl7::parse("MSH#*!?%#LAB\rPID###4711***X%2|3*?S??F?\r").expect("a message");
    let mut message = oru();
    message.set(hl7!(PID:3), other.get(hl7!(PID:3))).expect("a place");
    assert_eq!(message.raw(hl7!(PID:3[1])), Some("4711^^^X&2\\F\\3^*#"));
    assert_eq!(message.get(hl7!(PID:3.5)).to_string(), other.get(hl7!(PID:3.5)).to_string());
    // To the letter, where they are the same.
    let parts = oru();
    message.set(hl7!(PID:5), parts.get(hl7!(PID:5))).expect("a place");
    assert_eq!(message.raw(hl7!(PID:5)), Some("Doe^Jo^\"\""));
}

#[test]
fn bytes_are_read_and_written_in_the_charset_that_the_message_names() {
    let named = |name: &str, text: &[u8]| {
        [format!("MSH|^~\\&|A||||||||||||||| {name}\rPID|1||||").replace("| ", "|").as_bytes(), text, b"\r"].concat()
    };
    for (name, bytes, text) in [
        ("8859/1", &b"M\xfcller \xa4"[..], "Müller ¤"),
        ("8859/15", b"M\xfcller \xa4\xbe", "Müller €Ÿ"),
        ("UNICODE UTF-8", "Müller €".as_bytes(), "Müller €"),
        ("", "Müller".as_bytes(), "Müller"),
        ("8859/1~UNICODE", b"M\xfcller", "Müller"),
    ] {
        let bytes = named(name, bytes);
        let message = Hl7::from_bytes(&bytes).expect("a message");
        assert_eq!(message.get(hl7!(PID:5)).to_string(), text, "{name}");
        assert_eq!(message.to_bytes().as_ref(), Ok(&bytes), "{name}");
    }
    let broken = named("", b"M\xfcller");
    assert_eq!(Hl7::from_bytes(&broken), Err(CharsetError::NotUtf8 { byte: broken.len() - 6 }));
    assert!(Hl7::from_bytes_in(&broken, Charset::Latin1).is_ok());
    assert_eq!(Hl7::from_bytes(&named("8859/7", b"x")), Err(CharsetError::Unknown { name: "8859/7".to_owned() }));
    let mut latin = Hl7::from_bytes(&named("8859/1", b"x")).expect("a message");
    latin.set(hl7!(PID:5), "€").expect("a place");
    let at = latin.as_str().find('€').expect("it was set");
    assert_eq!(latin.to_bytes(), Err(CharsetError::Unwritable { byte: at }));
    assert!(matches!(Hl7::from_bytes(b"PID|1"), Err(CharsetError::Parse(_))));
}

#[test]
fn every_byte_of_the_one_byte_charsets_comes_back() {
    for (name, charset) in [("8859/1", Charset::Latin1), ("8859/15", Charset::Latin9)] {
        let head = format!("MSH|^~\\&|A|||||||||||||||{name}\rNTE|1||");
        let content: Vec<u8> = (0..=255).filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
        let bytes = [head.as_bytes(), &content].concat();
        let message = Hl7::from_bytes(&bytes).expect("a message");
        assert_eq!(message.to_bytes_in(charset), Ok(bytes));
    }
}
