//! A log of which a bit has turned round: where, and what makes it right again.
//!
//! Only where the tip misses something is there anything to mend: what a failed transaction has left behind the end of the log looks
//! just as what a damaged frame hides, and must not come back. And only what proves itself is mended. A frame is damaged, and not the end of the log, where the frame behind it fits the
//! checksum that is stored with it. Its checksum then tells which bit it was, in most cases: one bit in one place changes it by
//! an amount that another place gives only in the highest bits of a word. Where several places would explain it, the frame
//! is taken as it lies there, and its page is a suspect: the checksums of the rows, and SQLite's own check, say what of it holds.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::{CHECKSUM, FRAME, Frame, HEADER, Header, Log, Mended, Order, Patch, SALTS, Sum, read_header};

/// A log with more damage than this is not one in which a bit has turned round.
const MOST: usize = 16;

/// What a frame that does not fit is.
enum Verdict {
    /// Where the log ends.
    End,
    /// What was written, but for the salts, which are those of the header.
    Salts,
    /// What was written, but for the checksum, which is this.
    Checksum(Sum),
    /// What was written, but for this bit of what the checksum is over.
    Bit(usize),
    /// Not what was written, and nobody knows in which of several bits.
    Suspect,
}

impl Log {
    /// Finds what is wrong with the log, and what would make it right; changes nothing.
    pub(in super::super) fn mend(path: &Path) -> io::Result<Mended> {
        let mut mended = Mended::default();
        let Some((file, bytes)) = read_header(path)? else { return Ok(mended) };
        let mut log = match Header::read(&bytes) {
            Some(header) => Self { file, header },
            None => {
                // Any header will do until it is known how it was.
                let mut log =
                    Self { file, header: Header { order: Order::Big, page_size: 512, salts: [0; 8], sum: Sum(0, 0) } };
                let Some((right, header)) = log.right_header(&bytes)? else { return Ok(mended) };
                mended.patches.push(Patch { at: 0, old: bytes.to_vec(), new: right.to_vec() });
                mended.found.push("a bit of the header of the log had turned round".to_owned());
                log.header = header;
                log
            }
        };
        log.walk(&mut mended)?;
        Ok(mended)
    }

    /// The header with one bit turned back, where only one of them makes the first frame fit.
    fn right_header(&mut self, bytes: &[u8; HEADER]) -> io::Result<Option<([u8; HEADER], Header)>> {
        let mut fitting = Vec::new();
        for bit in 0..HEADER * 8 {
            let mut right = *bytes;
            turn(&mut right, bit);
            let Some(header) = Header::read(&right) else { continue };
            self.header = header;
            if self.frame(0)?.is_some_and(|frame| frame.is_sound(header.sum, &header)) {
                fitting.push((right, header));
            }
        }
        let only = fitting.pop();
        Ok(if fitting.is_empty() { only } else { None })
    }

    fn walk(&mut self, mended: &mut Mended) -> io::Result<()> {
        let header = self.header;
        // The checksum that the next frame goes on from as it is stored, and as it must be where a suspect stands before it.
        let (mut before, mut anew) = (header.sum, header.sum);
        let (mut suspects, mut last) = (HashMap::new(), HashMap::new());
        let mut index = 0;
        while let Some(mut frame) = self.frame(index)? {
            let at = self.place(index);
            if !frame.is_sound(before, &header) {
                if mended.found.len() >= MOST {
                    break;
                }
                let next = self.frame(index + 1)?;
                match judge(&frame, before, next.as_ref(), &header) {
                    Verdict::End => break,
                    Verdict::Salts => {
                        let old = frame.salts.to_vec();
                        mended.patches.push(Patch { at: at + SALTS as u64, old, new: header.salts.to_vec() });
                    }
                    Verdict::Checksum(sum) => {
                        let old = frame.stored.to_bytes().to_vec();
                        mended.patches.push(Patch { at: at + CHECKSUM as u64, old, new: sum.to_bytes().to_vec() });
                        frame.stored = sum;
                    }
                    Verdict::Bit(bit) => {
                        mended.patches.push(bit_patch(&mut frame, at, bit));
                    }
                    Verdict::Suspect => {
                        suspects.insert(frame.number(), index);
                    }
                }
                mended
                    .found
                    .push(format!("frame {index} of the log, of page {}, was not what was written", frame.number()));
            }
            before = frame.stored;
            anew = frame.sum(anew, &header);
            if anew != before {
                let (old, new) = (before.to_bytes().to_vec(), anew.to_bytes().to_vec());
                mended.patches.push(Patch { at: at + CHECKSUM as u64, old, new });
            }
            last.insert(frame.number(), index);
            index += 1;
        }
        // A page that came again is what came last.
        mended
            .suspects
            .extend(suspects.into_iter().filter(|(page, at)| last.get(page) == Some(at)).map(|(page, _)| page));
        Ok(())
    }
}

fn judge(frame: &Frame, before: Sum, next: Option<&Frame>, header: &Header) -> Verdict {
    let sum = frame.sum(before, header);
    if frame.salts != header.salts {
        let bits = u64::from_ne_bytes(frame.salts) ^ u64::from_ne_bytes(header.salts);
        return if bits.count_ones() == 1 && sum == frame.stored { Verdict::Salts } else { Verdict::End };
    }
    let follows = |sum| next.is_some_and(|next| next.is_sound(sum, header));
    if follows(sum) {
        return Verdict::Checksum(sum);
    }
    let bits = explaining(frame, sum, header.order);
    if follows(frame.stored) {
        return match bits[..] {
            [bit] => Verdict::Bit(bit),
            // In the number of the page: no database has so many.
            [bit, ..] if bit < 64 && frame.number().max(frame.pages()) >> 22 != 0 => Verdict::Bit(bit),
            _ => Verdict::Suspect,
        };
    }
    if next.is_some_and(|next| next.salts == header.salts) {
        return Verdict::End;
    }
    // The last one: nothing behind it says whether it was written to its end, but half a page is not a bit away from a whole.
    let turned = (sum.0 ^ frame.stored.0).count_ones() + (sum.1 ^ frame.stored.1).count_ones();
    match (&bits[..], turned) {
        ([bit], 2..) => Verdict::Bit(*bit),
        ([], 1) => Verdict::Checksum(sum),
        _ => Verdict::End,
    }
}

/// The bits of which one explains why the checksum is not the stored one.
fn explaining(frame: &Frame, sum: Sum, order: Order) -> Vec<usize> {
    let missing = Sum(frame.stored.0.wrapping_sub(sum.0), frame.stored.1.wrapping_sub(sum.1));
    let mut found = Vec::new();
    // What one more in a word is in the checksum at the end: of the words of the last pair first, and of those before it.
    let (mut one, mut other) = ((1_u32, 1_u32), (0_u32, 1_u32));
    let [head, page] = frame.summed();
    let words = (head.len() + page.len()) / 4;
    for pair in (0..words / 2).rev() {
        for (word, (first, second)) in [(pair * 2, one), (pair * 2 + 1, other)] {
            let stands = order.word(frame.bytes.get(in_frame(word * 4)..).unwrap_or_default());
            for bit in 0..32 {
                let (first, second) = (first << bit, second << bit);
                // Turned back, a bit that is set takes away, and one that is not adds.
                let change = if stands >> bit & 1 == 1 {
                    Sum(first.wrapping_neg(), second.wrapping_neg())
                } else {
                    Sum(first, second)
                };
                if change == missing {
                    found.push(place(word, bit, order));
                }
            }
        }
        let through = |(first, second): (u32, u32)| {
            let first = first.wrapping_add(second);
            (first, second.wrapping_add(first))
        };
        (one, other) = (through(one), through(other));
    }
    found.sort_unstable();
    found
}

/// Where a bit of a word lies in the bytes.
fn place(word: usize, bit: usize, order: Order) -> usize {
    let byte = if order == Order::Big { 3 - bit / 8 } else { bit / 8 };
    (word * 4 + byte) * 8 + bit % 8
}

fn turn(bytes: &mut [u8], bit: usize) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        *byte ^= 1 << (bit % 8);
    }
}

/// Where a byte of what the checksum is over lies in the frame: salts and checksum lie between the first eight bytes and the page.
fn in_frame(byte: usize) -> usize {
    if byte < 8 { byte } else { byte - 8 + FRAME }
}

fn bit_patch(frame: &mut Frame, at: u64, bit: usize) -> Patch {
    let byte = in_frame(bit / 8);
    let old = frame.bytes.get(byte).copied().unwrap_or_default();
    turn(&mut frame.bytes, byte * 8 + bit % 8);
    Patch { at: at + byte as u64, old: vec![old], new: vec![old ^ 1 << (bit % 8)] }
}
