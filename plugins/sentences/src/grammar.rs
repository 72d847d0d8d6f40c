//! Sentences out of numbers.

const DETERMINERS: [&str; 8] = ["the", "a", "every", "this", "that", "one", "no", "another"];
const ADJECTIVES: [&str; 24] = [
    "small", "grey", "quick", "patient", "northern", "tired", "bright", "hollow", "careful", "old", "restless",
    "quiet", "salted", "distant", "stubborn", "gentle", "wet", "early", "curious", "heavy", "lonely", "clever", "pale",
    "brave",
];
const NOUNS: [&str; 32] = [
    "petrel", "storm", "sailor", "harbour", "wave", "lantern", "keeper", "island", "gull", "net", "rope", "captain",
    "cloud", "anchor", "letter", "river", "fisher", "child", "signal", "tide", "rock", "boat", "wind", "star", "whale",
    "morning", "map", "compass", "bell", "shore", "engine", "market",
];
const VERBS: [&str; 20] = [
    "follows",
    "finds",
    "feeds",
    "watches",
    "carries",
    "hears",
    "leaves",
    "crosses",
    "remembers",
    "mends",
    "counts",
    "passes",
    "calls",
    "wakes",
    "hides",
    "shows",
    "draws",
    "loses",
    "greets",
    "outruns",
];
const PREPOSITIONS: [&str; 10] =
    ["over", "under", "behind", "before", "near", "beyond", "without", "against", "around", "after"];
const ADVERBS: [&str; 12] = [
    "again",
    "slowly",
    "at night",
    "in spring",
    "twice",
    "alone",
    "by chance",
    "without a sound",
    "all day",
    "at last",
    "never",
    "often",
];

/// Appends sentence number `number` of the series of that seed.
pub(crate) fn sentence(seed: u64, number: u64, out: &mut String) {
    let mut dice = Dice(mix(seed).wrapping_add(mix(number ^ 0x9e37_79b9_7f4a_7c15)));
    let start = out.len();
    noun_phrase(&mut dice, out);
    word(dice.one_of(&VERBS), out);
    noun_phrase(&mut dice, out);
    if dice.roll(3) > 0 {
        word(dice.one_of(&PREPOSITIONS), out);
        noun_phrase(&mut dice, out);
    }
    if dice.roll(2) > 0 {
        word(dice.one_of(&ADVERBS), out);
    }
    out[start..].get_mut(..1).expect("a determiner is never empty").make_ascii_uppercase();
    out.push('.');
}

fn noun_phrase(dice: &mut Dice, out: &mut String) {
    word(dice.one_of(&DETERMINERS), out);
    if out.ends_with(" a") || out == "a" {
        // "a" and "an": the adjective after it begins with a consonant.
        let adjective = dice.one_of(&ADJECTIVES);
        word(if adjective.starts_with(['a', 'e', 'i', 'o', 'u']) { "small" } else { adjective }, out);
    } else if dice.roll(2) > 0 {
        word(dice.one_of(&ADJECTIVES), out);
    }
    word(dice.one_of(&NOUNS), out);
}

fn word(word: &str, out: &mut String) {
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(word);
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        ((u128::from(mix(self.0)) * sides as u128) >> 64) as usize
    }

    fn one_of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.roll(words.len())]
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    fn sentences(seed: u64) -> Vec<String> {
        (0..1_000)
            .map(|number| {
                let mut sentence = String::new();
                super::sentence(seed, number, &mut sentence);
                sentence
            })
            .collect()
    }

    #[test]
    fn a_seed_gives_always_the_same() {
        assert_eq!(sentences(7), sentences(7));
        assert_ne!(sentences(7), sentences(8));
        assert_eq!(sentences(0)[0], FIRST);
    }

    /// What seed 0 has begun with since the first release.
    const FIRST: &str = "One old boat shows a curious gull beyond this sailor by chance.";

    #[test]
    fn they_vary_and_look_like_sentences() {
        let all = sentences(1);
        assert!(all.iter().collect::<BTreeSet<_>>().len() > 990);
        for sentence in &all {
            assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
            assert!(
                !sentence.contains("  ") && !sentence.contains(" a a") && sentence.split(' ').count() >= 5,
                "{sentence}"
            );
        }
    }
}
