//! XXH64, the checksum of rows: a few nanoseconds for a message, where a cryptographic hash takes most of a microsecond. What
//! turns bits in a file does not look for collisions, and a change within eight bytes always changes the sum: every
//! step of it can be undone.

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// The sum of these bytes.
pub(super) fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut sum = if stripes.is_empty() { seed.wrapping_add(P5) } else { of_stripes(stripes, seed) };
    sum = sum.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        sum = (sum ^ round(0, u64::from_le_bytes(*word))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        let half = u64::from(u32::from_le_bytes(*half)).wrapping_mul(P1);
        sum = (sum ^ half).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
    }
    for byte in rest {
        sum = (sum ^ u64::from(*byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
    }
    sum = (sum ^ (sum >> 33)).wrapping_mul(P2);
    sum = (sum ^ (sum >> 29)).wrapping_mul(P3);
    sum ^ (sum >> 32)
}

fn of_stripes(stripes: &[[u8; 32]], seed: u64) -> u64 {
    let first = seed.wrapping_add(P1);
    let mut lanes = [first.wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
    for stripe in stripes {
        let (words, _) = stripe.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let [a, b, c, d] = lanes;
    let joined = a.rotate_left(1).wrapping_add(b.rotate_left(7)).wrapping_add(c.rotate_left(12));
    lanes.into_iter().fold(joined.wrapping_add(d.rotate_left(18)), |sum, lane| {
        (sum ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4)
    })
}

fn round(sum: u64, word: u64) -> u64 {
    sum.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_xxh64() {
        assert_eq!(xxh64(b"", 0), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxh64(b"a", 0), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxh64(b"abc", 0), 0x44BC_2CF5_AD77_0999);
        let text = b"Nobody inspects the spammish repetition";
        assert_eq!(xxh64(text, 0), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn every_bit_of_a_text_changes_its_sum() {
        let text: Vec<u8> = (0..107).collect();
        let whole = xxh64(&text, 5);
        assert_ne!(whole, xxh64(&text, 6));
        for bit in 0..text.len() * 8 {
            let mut turned = text.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(xxh64(&turned, 5), whole, "bit {bit}");
        }
    }
}
