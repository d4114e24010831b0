//! What holds of the dictionary, of what messages say, and of any text at all.

mod acknowledging;
mod chance;
mod paths;
mod reading;
mod transport;
mod writing;

use super::{Hl7, ParseError};

/// A result with two observations, and things that a careless reader loses.
pub(super) const ORU: &str = "MSH|^~\\&|LAB|X^1.2.3^ISO|EHR|Y|20260102030405||ORU^R01^ORU_R01|77|P|2.5.1||||||8859/1\r\
    PID|1||4711^^^X&1.2&ISO^MR~0815^^^Z^SS||Doe^Jo^\"\"||19700101|\"\"\r\
    OBR|1||9^LAB|CBC^Blood count^L\r\
    OBX|1|NM|718-7^Hb^LN||13.2|g/dl\r\
    NTE|1||first \\T\\ last\\.br\\line\r\
    OBX|2|TX|report||A & B\r\
    ZPI|V|Rex\r";

pub(super) fn oru() -> Hl7 {
    Hl7::parse(ORU).expect("it is a message")
}

#[track_caller]
pub(super) fn refused(text: &str) -> ParseError {
    Hl7::parse(text).expect_err("it is no message")
}
