//! Parsing, and what places say.

use super::{ORU, oru, refused};
use crate::hl7::{Hl7, Parsed, V251, Value, batch, hl7, hl7_dictionary};

hl7_dictionary! {
    SITE extends V251 { ZPI { kind: IS, name: ST } }
}

#[test]
fn a_place_says_its_text_that_it_is_empty_or_that_there_is_none() {
    let message = oru();
    let text = |path| message.get(path).text().map(std::borrow::Cow::into_owned);
    assert_eq!(text(hl7!(PID:5.1)).as_deref(), Some("Doe"));
    assert_eq!(message.get(hl7!(PID:5.3)), Value::Null);
    assert_eq!(message.get(hl7!(PID:8)), Value::Null);
    assert_eq!(message.get(hl7!(PID:6)), Value::Empty);
    assert_eq!(message.get(hl7!(PID:39)), Value::Empty);
    assert_eq!(message.get(hl7!(PV1:2)), Value::Empty);
    assert_eq!(text(hl7!(PID:3[2].5)).as_deref(), Some("SS"));
    assert_eq!(text(hl7!(PID:3.4.2)).as_deref(), Some("1.2"));
    assert_eq!(text(hl7!(OBX[2]:3.1)).as_deref(), Some("report"));
    assert_eq!(text(hl7!(NTE:3)).as_deref(), Some("first & last\nline"));
    assert_eq!(text(hl7!(ZPI:2 in SITE)).as_deref(), Some("Rex"));
}

/// Nothing is cut off silently: what has parts comes whole, as it is written.
#[test]
fn a_path_to_the_whole_of_several_parts_gives_all_of_them() {
    let message = oru();
    assert!(matches!(message.get(hl7!(PID:5)), Value::Parts(parts) if parts.as_str() == "Doe^Jo^\"\""));
    assert_eq!(message.get(hl7!(PID:3.4)).text().as_deref(), Some("X&1.2&ISO"));
    // A separator that the sender forgot to escape.
    assert_eq!(message.get(hl7!(OBX[2]:5)).text().as_deref(), Some("A & B"));
    assert_eq!(message.raw(hl7!(PID:3)), Some("4711^^^X&1.2&ISO^MR~0815^^^Z^SS"));
    assert_eq!(message.raw(hl7!(PID:3[1])), Some("4711^^^X&1.2&ISO^MR"));
    let numbers: Vec<String> = message.repetitions(hl7!(PID:3.1)).map(|value| value.to_string()).collect();
    assert_eq!(numbers, ["4711", "0815"]);
    assert_eq!(message.repetitions(hl7!(PID:4)).count(), 0);
}

#[test]
fn the_header_counts_its_separator_as_its_first_field() {
    let message = oru();
    assert_eq!(message.get(hl7!(MSH:1)).to_string(), "|");
    assert_eq!(message.get(hl7!(MSH:2)).to_string(), "^~\\&");
    assert_eq!(message.get(hl7!(MSH:3)).to_string(), "LAB");
    assert_eq!((message.code(), message.event(), message.control_id()), ("ORU".into(), "R01".into(), "77".into()));
    assert_eq!(message.parts().separators(), crate::hl7::Separators::STANDARD);
}

#[test]
fn the_separators_are_those_that_the_message_declares() {
    let message = Hl7::parse("MSH#*!?%#LAB\rPID###4711***X%2!0815##Doe*Jo?H?\r").expect("a message");
    assert_eq!(message.get(hl7!(PID:3[2].1)).to_string(), "0815");
    assert_eq!(message.get(hl7!(PID:3.4.2)).to_string(), "2");
    assert_eq!(message.get(hl7!(MSH:2)).to_string(), "*!?%");
    // Those that it leaves out divide nothing.
    let message = Hl7::parse("MSH|^|LAB\rPID|||a~b&c\\T\\\r").expect("a message");
    assert_eq!(message.get(hl7!(PID:3[1])).to_string(), "a~b&c\\T\\");
    assert_eq!(message.repetitions(hl7!(PID:3)).count(), 1);
}

#[test]
fn segments_end_with_what_the_sender_ends_them_with_and_the_text_stays() {
    for ending in ["\r", "\n", "\r\n", "\r\r\n", "\n\n"] {
        for begin in ["", "\u{feff}", "\u{feff}\r\n"] {
            for end in ["", ending] {
                let text = format!("{begin}{}{end}", ORU.trim_end().replace('\r', ending));
                let message = Hl7::parse(text.clone()).expect("a message");
                assert_eq!(message.count(hl7!(OBX)), 2, "{text:?}");
                assert_eq!(message.get(hl7!(ZPI:2 in SITE)).to_string(), "Rex", "{text:?}");
                assert_eq!(message.as_str(), text);
            }
        }
    }
}

#[test]
fn groups_begin_with_their_segment_and_hold_what_is_behind_it() {
    let message = oru();
    let results: Vec<_> = message
        .each(hl7!(OBX))
        .map(|result| (result.get(hl7!(OBX:1)).to_string(), result.get(hl7!(NTE:3)).is_empty()))
        .collect();
    assert_eq!(results, [("1".to_owned(), false), ("2".to_owned(), true)]);
    assert_eq!(message.each(hl7!(PV1)).count(), 0);
    let names: Vec<_> = message.parts().segments().map(|(name, _)| name).collect();
    assert_eq!(names, ["MSH", "PID", "OBR", "OBX", "NTE", "OBX", "ZPI"]);
}

#[test]
fn what_is_read_in_place_says_the_same() {
    let parsed = Parsed::of(ORU).expect("a message");
    assert_eq!(parsed.parts().get(hl7!(PID:5.2)), Value::from("Jo"));
}

#[test]
fn what_is_no_message_is_refused_with_the_place() {
    let cases = [
        ("", 1, 0, "the message is empty"),
        ("\r\n", 1, 0, "the message is empty"),
        ("PID|1\r", 1, 0, "begins with `MSH`"),
        ("MSH", 1, 3, "the separator of fields is missing"),
        ("MSHx^~", 1, 3, "MSH-1 is a letter"),
        ("MSH|", 1, 4, "MSH-2 is empty"),
        ("MSH||A", 1, 4, "MSH-2 is empty"),
        ("MSH|^^\\&|", 1, 5, "one separator twice"),
        ("MSH|^~\\&#!|", 1, 9, "more than five"),
        ("MSH|^a|", 1, 5, "a letter"),
        ("MSH|é|", 1, 4, "not ASCII"),
        ("MSH|^~\\&|A\rPID|1\rpid|1\r", 3, 17, "this line with \"pid\""),
        ("MSH|^~\\&|A\rNTE|1||two\nlines\r", 3, 22, "`\\.br\\`"),
        ("MSH|^~\\&|A\rMSH|^~\\&|B\r", 2, 11, "a second `MSH`"),
        ("MSH|^~\\&|A\rPIDX|1", 2, 11, "this line with \"PID\""),
        ("MSH|^~\\&|A\rÄÖÜ|1", 2, 11, "this line"),
    ];
    for (text, segment, byte, why) in cases {
        let error = refused(text);
        assert_eq!((error.segment(), error.byte()), (segment, byte), "{text:?}: {error}");
        assert!(error.to_string().contains(why), "{text:?}: {error}");
    }
}

#[test]
fn nothing_about_a_patient_is_shown_for_debugging() {
    assert_eq!(format!("{:?}", oru()), "Hl7(ORU^R01, 7 segments)");
    assert_eq!(format!("{:?}", oru().parts()), "Parts(7 segments)");
    assert_eq!(format!("{:?}", Parsed::of(ORU)), "Ok(Parsed(7 segments))");
}

#[test]
fn as_a_body_it_is_its_text_and_only_hl7_can_be_read() {
    let json = serde_json::to_string(&oru()).expect("a text");
    assert_eq!(serde_json::from_str::<Hl7>(&json).expect("a message"), oru());
    let error = serde_json::from_str::<Hl7>("\"PID|1\"").expect_err("no message");
    assert!(error.to_string().contains("not HL7 v2: segment 1, byte 0"), "{error}");
}

#[test]
fn a_file_of_several_messages_is_taken_apart_and_its_counts_are_compared() {
    let (one, two) = ("MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\r");
    let whole = |text: &'static str| batch(text).map_err(|error| error.to_string());
    assert_eq!(batch(&format!("{one}{two}")), Ok(vec![one, two]));
    assert_eq!(batch(&format!("FHS|^~\\&\rBHS|^~\\&\r{one}{two}BTS|2\rFTS|1\r")), Ok(vec![one, two]));
    assert_eq!(batch(&format!("BHS|^~\\&\r{one}BTS|1\rBHS|^~\\&\r{two}BTS|1^x\rFTS|2\r")), Ok(vec![one, two]));
    assert_eq!(
        whole("BHS|^~\\&\rMSH|^~\\&|A\rBTS|3\r"),
        Err("segment 3, byte 20: BTS counts other messages than the 1 that are there".to_owned())
    );
    assert_eq!(whole("PID|1\r"), Err("segment 1, byte 0: a segment in front of the first MSH".to_owned()));
    assert_eq!(
        whole("MSH|^~\\&|A\rBTS\rPID|1\r").map(|_| ()),
        Err("segment 3, byte 15: a segment in front of the first MSH".to_owned())
    );
    assert_eq!(whole(""), Ok(vec![]));
    assert_eq!(batch(&format!("\u{feff}{one}")), Ok(vec![one]));
}

#[test]
fn each_message_of_a_file_is_read_in_its_own_charset_and_one_that_cannot_be_is_no_error_of_the_others() {
    let latin = b"MSH|^~\\&|A|||||||||||||||8859/1\rPID|1||||M\xfcller\r";
    let utf8 = "MSH|^~\\&|A\rPID|1||||Müller\r".as_bytes();
    let broken = b"MSH|^~\\&|A\rPID|1||||M\xfcller\r";
    let file = [b"\xef\xbb\xbfBHS|^~\\&\r".as_slice(), latin, broken, utf8, b"BTS|3\r"].concat();
    let messages = crate::hl7::batch_of_bytes(&file).expect("a batch");
    let names: Vec<_> = messages
        .iter()
        .map(|message| message.as_ref().ok().map(|message| message.get(hl7!(PID:5)).to_string()))
        .collect();
    assert_eq!(names, [Some("Müller".to_owned()), None, Some("Müller".to_owned())]);
}
