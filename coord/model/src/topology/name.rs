//! What topologies, components and streams may be called.

use super::place::Located;
use crate::problem::Problem;
use alloc::format;
use alloc::string::String;

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// Whether a name may be used: 1 to 64 of a–z, 0–9, `_` and `-`, starting with a letter.
///
/// Names become file names, labels of metrics, and parts of `COMPONENT.STREAM`.
pub fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// The problem with a name, if there is one.
pub(crate) fn check(name: &Located<String>, what: &str) -> Option<Problem> {
    if is_name(name) {
        return None;
    }
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "it is longer than 64 bytes"
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not start with one of a–z"
    } else {
        "it has characters other than a–z, 0–9, `_` and `-`"
    };
    let problem = Problem::at(&name.place, format!("`{}` cannot be the name of a {what}: {why}", name.value));
    Some(match suggestion(name) {
        Some(better) => problem.help(format!("call it `{better}`")),
        None => problem.help("a name is 1 to 64 of a–z, 0–9, `_` and `-`, and starts with a letter"),
    })
}

/// The nearest thing that may be a name.
fn suggestion(name: &str) -> Option<String> {
    let mut better = String::new();
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9' | '_' | '-') => better.push(c),
            ' ' | '.' | '/' if !better.is_empty() && !better.ends_with('-') => better.push('-'),
            _ => {}
        }
    }
    let better = better.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('-');
    let better = &better[..better.len().min(NAME_BYTES_MAX)];
    is_name(better).then(|| better.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Place;

    #[test]
    fn names() {
        for good in ["a", "word-count", "a1_b", "x".repeat(64).as_str()] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1a", "-a", "A", "a b", "a.b", "ä", "x".repeat(65).as_str()] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_bad_name_comes_with_a_good_one() {
        let help = |name: &str| check(&Located::new(name.into(), Place::Nowhere), "component").and_then(|p| p.help);
        assert_eq!(help("Word Count").as_deref(), Some("call it `word-count`"));
        assert_eq!(help("2nd.try").as_deref(), Some("call it `nd-try`"));
        assert_eq!(help("42").as_deref(), Some("a name is 1 to 64 of a–z, 0–9, `_` and `-`, and starts with a letter"));
        assert_eq!(help("fine"), None);
    }
}
