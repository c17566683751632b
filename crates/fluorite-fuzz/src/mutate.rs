//! One input made of another.

use crate::rng::Rng;

/// Longest input in bytes.
const MOST: usize = 4 << 10;
/// Values at which lengths, counts and signs go wrong.
const NUMBERS: [u64; 14] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x10_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

/// Changes `input` in one to eight places; `other` is another input to take parts of, `tokens` are words of the target.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], tokens: &[&str], rng: &mut Rng) {
    for _ in 0..1 + rng.below(8) {
        once(input, other, tokens, rng);
        input.truncate(MOST);
    }
}

fn once(input: &mut Vec<u8>, other: &[u8], tokens: &[&str], rng: &mut Rng) {
    let at = rng.below(input.len());
    let to = (at + 1 + rng.below(16)).min(input.len());
    match rng.below(10) {
        0 => change(input, at, |b| b ^ (1 << (rng.bits() % 8))),
        1 => change(input, at, |_| rng.bits() as u8),
        2 => change(input, at, |b| b.wrapping_add((rng.bits() % 9) as u8).wrapping_sub(4)),
        3 => {
            let n = 1 + rng.below(8);
            insert(input, at, &rng.bits().to_le_bytes()[..n]);
        }
        4 => drop(input.drain(at.min(to)..to)),
        5 => {
            let part = input[at.min(to)..to].to_vec();
            insert(input, at, &part.repeat(1 + rng.below(6)));
        }
        6 => {
            // the front of this one and the back of the other
            input.truncate(at);
            input.extend_from_slice(&other[rng.below(other.len())..]);
        }
        7 => number(input, at, rng),
        8 => {
            let end = rng.below(other.len());
            let part = &other[end.saturating_sub(1 + rng.below(32))..end];
            insert(input, at, part);
        }
        _ => match tokens.get(rng.below(tokens.len())) {
            Some(token) => insert(input, at, token.as_bytes()),
            None => input.truncate(at),
        },
    }
}

fn change(input: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(b) = input.get_mut(at) {
        *b = to(*b);
    }
}

fn insert(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    let at = at.min(input.len());
    input.splice(at..at, part.iter().copied());
}

/// Overwrites or inserts one of [`NUMBERS`], in 1 to 8 bytes, as a varint or in digits.
fn number(input: &mut Vec<u8>, at: usize, rng: &mut Rng) {
    let n = NUMBERS[rng.below(NUMBERS.len())];
    let width = 1 << rng.below(4);
    let bytes = match rng.below(4) {
        0 => n.to_string().into_bytes(),
        1 => varint(n),
        2 => n.to_be_bytes()[8 - width..].to_vec(),
        _ => n.to_le_bytes()[..width].to_vec(),
    };
    if rng.below(2) == 0 {
        insert(input, at, &bytes);
    } else {
        input.iter_mut().skip(at).zip(bytes).for_each(|(b, n)| *b = n);
    }
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}
