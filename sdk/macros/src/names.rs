//! Names of streams and keys from Rust's.

use syn::Ident;

/// `HTTPError` to `http-error`, `by_country` to `by-country`.
pub(crate) fn kebab(ident: &Ident) -> String {
    let name = plain(ident);
    let letters: Vec<char> = name.chars().collect();
    let mut kebab = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before_is_lower = at > 0 && (letters[at - 1].is_lowercase() || letters[at - 1].is_numeric());
        let starts_word =
            at > 0 && letters[at - 1].is_uppercase() && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (before_is_lower || starts_word) {
            kebab.push('-');
        }
        kebab.extend(if *letter == '_' { vec!['-'] } else { letter.to_lowercase().collect() });
    }
    kebab
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    #[test]
    fn names_become_kebab_case() {
        for (ident, expected) in [
            ("Order", "order"),
            ("HttpError", "http-error"),
            ("HTTPError", "http-error"),
            ("by_country", "by-country"),
            ("X2Y", "x2-y"),
        ] {
            assert_eq!(kebab(&Ident::new(ident, Span::call_site())), expected);
        }
    }
}
