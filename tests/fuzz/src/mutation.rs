//! New inputs from old ones.

use crate::Noise;

/// No input that [`mutate`] makes is longer, unless one that it starts from is.
pub const MAX_INPUT_BYTES: usize = 1 << 16;

/// The most changes to one input.
const MAX_CHANGES: usize = 8;

/// Numbers at the edges of what widths, limits and signs there are.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    7,
    8,
    9,
    63,
    64,
    0x7f,
    0xff,
    0x100,
    0xffff,
    1 << 16,
    1 << 24,
    (1 << 24) + 1,
    i32::MAX as u64,
    1 << 31,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
];

/// Makes an input: mostly one of the corpus with a few changes, now and then noise alone.
pub fn mutate(noise: &mut Noise, corpus: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut input = if corpus.is_empty() || noise.below(32) == 0 { scatter(noise) } else { noise.of(corpus).clone() };
    let mut changes = 1;
    while changes < MAX_CHANGES && noise.below(2) == 0 {
        changes += 1;
    }
    let most = MAX_INPUT_BYTES.max(input.len());
    for _ in 0..changes {
        change(noise, &mut input, corpus, words);
        input.truncate(most);
    }
    input
}

fn scatter(noise: &mut Noise) -> Vec<u8> {
    let length = noise.below(300);
    (0..length).map(|_| noise.any() as u8).collect()
}

fn change(noise: &mut Noise, input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]]) {
    let at = noise.below(input.len());
    match noise.below(12) {
        0 if !input.is_empty() => input[at] ^= 1 << noise.below(8),
        1 if !input.is_empty() => input[at] = noise.any() as u8,
        2..=4 => number(noise, input),
        5 => input.truncate(at),
        6 => {
            let end = input.len().min(at + noise.below(40));
            input.drain(at..end);
        }
        7 => {
            let piece = piece(noise, input);
            let times = 1 + noise.below(4);
            (0..times).for_each(|_| insert(input, at, &piece));
        }
        8 => {
            let piece = piece(noise, input);
            let end = input.len().min(at + piece.len());
            let length = end - at;
            input[at..end].copy_from_slice(&piece[..length]);
        }
        9 if !corpus.is_empty() => {
            let other = noise.of(corpus);
            let piece = piece(noise, other);
            insert(input, at, &piece);
        }
        10 if !words.is_empty() => insert(input, at, noise.of::<&[u8]>(words)),
        _ => insert(input, at, &[noise.any() as u8]),
    }
}

/// Replaces an integer of some width, mostly where a format that aligns its fields would have one, by an edge or by a
/// neighbour of what was there.
fn number(noise: &mut Noise, input: &mut [u8]) {
    let width = *noise.of(&[1, 2, 4, 4, 4, 8, 8]);
    if input.len() < width {
        return;
    }
    let mut at = noise.below(input.len() + 1 - width);
    if noise.below(4) > 0 {
        at -= at % width;
    }
    let mut bytes = [0; 8];
    bytes[..width].copy_from_slice(&input[at..at + width]);
    let present = u64::from_le_bytes(bytes);
    let length = input.len() as u64;
    let number = match noise.below(4) {
        0 => present.wrapping_add(1 + noise.below(16) as u64),
        1 => present.wrapping_sub(1 + noise.below(16) as u64),
        2 => length.wrapping_sub(*noise.of(&[0, 1, 8, 64])),
        _ => *noise.of(&EDGES),
    };
    input[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
}

/// Some bytes in a row.
fn piece(noise: &mut Noise, of: &[u8]) -> Vec<u8> {
    let start = noise.below(of.len());
    let end = of.len().min(start + 1 + noise.below(64));
    of[start..end].to_vec()
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn made(seeds: std::ops::Range<u64>, corpus: &[Vec<u8>]) -> Vec<Vec<u8>> {
        seeds.map(|seed| mutate(&mut Noise::new(seed), corpus, &[b"word"])).collect()
    }

    #[test]
    fn a_seed_makes_one_input_and_others_make_others() {
        let corpus = [vec![7; 100], (0..=255).collect()];
        let inputs = made(0..1000, &corpus);
        assert_eq!(inputs, made(0..1000, &corpus));
        let distinct: BTreeSet<&Vec<u8>> = inputs.iter().collect();
        assert!(distinct.len() > 900, "{} of 1000 are distinct", distinct.len());
        assert!(inputs.iter().any(|input| input.windows(4).any(|piece| piece == b"word")));
        assert!(inputs.iter().any(|input| input.len() < 100) && inputs.iter().any(|input| input.len() > 256));
    }

    #[test]
    fn nothing_to_start_from_is_enough() {
        for corpus in [&[][..], &[Vec::new()]] {
            assert!(made(0..1000, corpus).iter().any(|input| !input.is_empty()));
        }
    }

    #[test]
    fn inputs_stay_short() {
        let long = vec![1; 2 * MAX_INPUT_BYTES];
        assert!(made(0..100, &[vec![1; MAX_INPUT_BYTES]]).iter().all(|input| input.len() <= MAX_INPUT_BYTES));
        assert!(made(0..100, std::slice::from_ref(&long)).iter().all(|input| input.len() <= long.len()));
    }
}
