//! `#[bolt]`.

use crate::bolt_function;
use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, ImplItem, Item, ItemImpl, LitStr, Token, bracketed, parse_quote};

/// The arguments of `#[bolt(key = …)]`.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) key: Vec<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Arguments> {
        let mut arguments = Arguments::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name != "key" {
                return Err(syn::Error::new_spanned(
                    name,
                    "unknown: `#[bolt(…)]` takes `key = \"…\"` or `key = [\"…\", …]`",
                ));
            }
            input.parse::<Token![=]>()?;
            if input.peek(syn::token::Bracket) {
                let keys;
                bracketed!(keys in input);
                arguments.key = Punctuated::<LitStr, Token![,]>::parse_terminated(&keys)?.into_iter().collect();
            } else {
                arguments.key = vec![input.parse()?];
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let arguments = Arguments::parse.parse2(arguments)?;
    match syn::parse2(item)? {
        Item::Fn(function) => bolt_function::expand(&arguments, function),
        Item::Impl(implementation) => expand_impl(&arguments, implementation),
        other => {
            Err(syn::Error::new_spanned(other, "`#[bolt]` belongs on a function or on an implementation of `Bolt`"))
        }
    }
}

fn expand_impl(arguments: &Arguments, mut implementation: ItemImpl) -> syn::Result<TokenStream> {
    check_trait(&implementation, "Bolt", "#[bolt]")?;
    if !arguments.key.is_empty() {
        let key = &arguments.key;
        implementation.items.push(parse_quote!(const KEY: &'static [&'static str] = &[#(#key),*];));
    }
    default_types(&mut implementation, &["Config", "State", "Output"]);
    let ty = &implementation.self_ty;
    Ok(quote! {
        #implementation
        ::petrel_sdk::export_bolt!(#ty);
    })
}

/// Refuses what is not `impl TRAIT for TYPE`.
pub(crate) fn check_trait(implementation: &ItemImpl, name: &str, attribute: &str) -> syn::Result<()> {
    let is = implementation
        .trait_
        .as_ref()
        .and_then(|(_, path, _)| path.segments.last())
        .is_some_and(|last| last.ident == name);
    if is {
        return Ok(());
    }
    Err(syn::Error::new_spanned(&implementation.self_ty, format!("`{attribute}` belongs on `impl {name} for …`")))
}

/// Makes the types that are left out `()`.
pub(crate) fn default_types(implementation: &mut ItemImpl, names: &[&str]) {
    for name in names {
        let is = |item: &ImplItem| matches!(item, ImplItem::Type(item) if item.ident == name);
        if !implementation.items.iter().any(is) {
            let ident = Ident::new(name, proc_macro2::Span::call_site());
            implementation.items.insert(0, parse_quote!(type #ident = ();));
        }
    }
}
