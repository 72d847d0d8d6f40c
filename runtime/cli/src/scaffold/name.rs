//! What new things may be called.

/// A name that serves as folder, crate, and, in other spellings, as module and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrateName(String);

/// Names that Rust or cargo keeps for itself.
const RESERVED: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "target",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "vendor",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Crates that every plugin depends on: cargo would take one for the other.
const TAKEN: &[&str] = &["petrel-sdk", "petrel-frame", "petrel-sdk-macros", "serde", "serde_json", "wit-bindgen"];

impl CrateName {
    /// Checks a name.
    ///
    /// # Errors
    /// Why it cannot be used and what could be instead, in one sentence.
    pub(crate) fn new(name: &str) -> Result<CrateName, String> {
        if !petrel_model::is_name(name) {
            return Err(refusal(name, "a plugin"));
        }
        if RESERVED.contains(&name) || TAKEN.contains(&name) {
            return Err(format!(
                "{name:?} is a name that Rust or the SDK uses itself: call it \"my-{name}\" or the like"
            ));
        }
        Ok(CrateName(name.to_owned()))
    }

    /// As the crate is called: `word-length`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As Rust and the file of the component call it: `word_length`.
    pub(crate) fn module(&self) -> String {
        self.0.replace('-', "_")
    }

    /// As a type is called: `WordLength`.
    pub(crate) fn type_name(&self) -> String {
        let mut name = String::new();
        for part in self.0.split(['-', '_']) {
            let mut letters = part.chars();
            name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
        name
    }
}

/// Checks the name of a topology.
///
/// # Errors
/// As for [`CrateName::new`].
pub(crate) fn topology_name(name: &str) -> Result<&str, String> {
    if petrel_model::is_name(name) { Ok(name) } else { Err(refusal(name, "a topology")) }
}

fn refusal(name: &str, what: &str) -> String {
    let mut better = String::new();
    for letter in name.chars().map(|letter| letter.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' | '_' => better.push(letter),
            _ if !better.is_empty() && !better.ends_with('-') => better.push('-'),
            _ => {}
        }
    }
    let better = better.trim_start_matches(|letter: char| !letter.is_ascii_lowercase()).trim_end_matches('-');
    let hint = if petrel_model::is_name(better) { format!(": {better:?} would do") } else { String::new() };
    format!(
        "{name:?} cannot be the name of {what}: a name is 1 to 64 of a–z, 0–9, _ and -, and starts with a letter{hint}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_three_spellings() {
        let name = CrateName::new("word-length_2").unwrap();
        assert_eq!(
            (name.as_str(), &*name.module(), &*name.type_name()),
            ("word-length_2", "word_length_2", "WordLength2")
        );
    }

    #[test]
    fn bad_names_are_refused_with_a_better_one() {
        let refused = |name: &str| CrateName::new(name).unwrap_err();
        assert!(refused("Word Length").contains("\"word-length\" would do"));
        assert!(refused("2fast!").contains("\"fast\" would do"));
        assert!(refused("").contains("1 to 64"));
        assert!(refused("..").contains("starts with a letter"));
        assert!(refused("match").contains("\"my-match\""));
        assert!(refused("petrel-sdk").contains("the SDK uses itself"));
        assert!(refused(&"x".repeat(65)).contains("1 to 64"));
        assert_eq!(topology_name("word-count"), Ok("word-count"));
        assert!(topology_name("word count").unwrap_err().contains("a topology"));
    }
}
