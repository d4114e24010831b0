//! Frames.

use crate::hl7::mllp::{Decoder, FrameError, encode};

fn all(decoder: &mut Decoder) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut messages = Vec::new();
    while let Some(message) = decoder.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

#[test]
fn messages_come_out_as_they_went_in_however_the_bytes_are_cut() {
    let sent: [&[u8]; 3] = [b"MSH|one\r", b"", b"MSH|\xff three\r"];
    let stream: Vec<u8> = sent.iter().flat_map(|message| encode(message).expect("it has no frame in it")).collect();
    for size in 1..=stream.len() {
        let mut decoder = Decoder::new(100);
        let mut received = Vec::new();
        for chunk in stream.chunks(size) {
            decoder.push(chunk);
            received.extend(all(&mut decoder).expect("frames"));
        }
        assert_eq!(received, sent, "in chunks of {size}");
        assert_eq!(decoder.finish(), Ok(None));
    }
}

#[test]
fn blanks_between_frames_and_a_missing_return_are_taken() {
    let mut decoder = Decoder::new(100);
    decoder.push(b"\r\n \x0ba\x1c\x0bb\x1c\r\r\n\x0bc\x1c");
    assert_eq!(all(&mut decoder), Ok(vec![b"a".to_vec(), b"b".to_vec()]));
    assert_eq!(decoder.finish(), Ok(Some(b"c".to_vec())));
    assert_eq!(decoder.finish(), Ok(None));
}

#[test]
fn what_is_no_frame_is_an_error_with_its_byte_and_stays_one() {
    for (bytes, error) in [
        (&b"\x0ba\x1c\rGET /"[..], FrameError::Outside { at: 4 }),
        (b"\x0ba\x0bb", FrameError::Framing { at: 2 }),
        (b"\x0ba\x1cb", FrameError::Framing { at: 2 }),
        (b"\x0b0123456789", FrameError::TooLong { limit: 8 }),
        (b"\x0b0123456789\x1c\r", FrameError::TooLong { limit: 8 }),
    ] {
        let mut decoder = Decoder::new(8);
        decoder.push(bytes);
        assert_eq!(all(&mut decoder), Err(error), "{bytes:?}");
        decoder.push(b"\x1c\r\x0bmore\x1c\r");
        assert_eq!(all(&mut decoder), Err(error), "{bytes:?}");
    }
    let mut decoder = Decoder::new(8);
    decoder.push(b"\x0babc");
    assert_eq!(decoder.finish(), Err(FrameError::CutOff { length: 3 }));
    assert_eq!(encode(b"a\x1cb"), Err(FrameError::Framing { at: 1 }));
}

#[test]
fn a_message_of_the_longest_length_is_taken() {
    let mut decoder = Decoder::new(8);
    decoder.push(b"\x0b01234567\x1c\r");
    assert_eq!(all(&mut decoder), Ok(vec![b"01234567".to_vec()]));
}
