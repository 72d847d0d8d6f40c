//! Reading `#[name(key, key = value)]`.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Data, DeriveInput, Field, LitStr};

/// Hands every entry of the attributes of a name to `take`, which says whether it knows it.
///
/// # Errors
/// An entry is unknown or malformed.
pub(crate) fn entries(
    attributes: &[Attribute],
    name: &str,
    known: &str,
    mut take: impl FnMut(&ParseNestedMeta<'_>) -> syn::Result<bool>,
) -> syn::Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        attribute.parse_nested_meta(|entry| {
            if take(&entry)? { Ok(()) } else { Err(entry.error(format!("unknown: `#[{name}(…)]` takes {known}"))) }
        })?;
    }
    Ok(())
}

/// The text of `key = "text"`.
///
/// # Errors
/// It is something else.
pub(crate) fn text(entry: &ParseNestedMeta<'_>) -> syn::Result<String> {
    Ok(entry.value()?.parse::<LitStr>()?.value())
}

/// The first paragraph of the documentation, as one line.
pub(crate) fn first_paragraph(attributes: &[Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Ok(pair) = attribute.meta.require_name_value() else { continue };
        let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }) = &pair.value else { continue };
        let line = line.value().trim().to_owned();
        if line.is_empty() && !lines.is_empty() {
            break;
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines.join(" ")
}

/// The fields of a struct with named fields.
///
/// # Errors
/// It is something else.
pub(crate) fn named_fields<'i>(input: &'i DeriveInput, what: &str) -> syn::Result<Vec<&'i Field>> {
    if let Data::Struct(data) = &input.data {
        if let syn::Fields::Named(fields) = &data.fields {
            if fields.named.is_empty() {
                return Err(syn::Error::new_spanned(&input.ident, format!("{what} has a field at least")));
            }
            return Ok(fields.named.iter().collect());
        }
    }
    Err(syn::Error::new_spanned(&input.ident, format!("{what} is a struct with named fields")))
}
