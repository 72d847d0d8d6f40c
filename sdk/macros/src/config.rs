//! `#[derive(Config)]`.

use crate::attributes::{entries, first_paragraph, named_fields, text};
use crate::names::plain;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Expr};

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(&input, "a configuration")?;
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(&input.generics, "a configuration has no parameters"));
    }
    let ident = &input.ident;
    let mut keys = Vec::new();
    let mut values = Vec::new();
    for field in fields {
        let field_ident = field.ident.as_ref().expect("fields are named");
        let mut name = plain(field_ident);
        let mut default: Option<Expr> = None;
        let mut kind = None;
        let mut by_serde = false;
        let known = "`default = …`, `rename = \"…\"`, `path_read`, `path_write`, `stdin`, `text` and `json`";
        entries(&field.attrs, "config", known, |entry| {
            let path = &entry.path;
            if path.is_ident("default") {
                default = Some(entry.value()?.parse()?);
            } else if path.is_ident("rename") {
                name = text(entry)?;
            } else if let Some((_, variant, serde)) = [
                ("path_read", "PathRead", false),
                ("path_write", "PathWrite", false),
                ("stdin", "Stdin", false),
                ("text", "Text", true),
                ("json", "Json", true),
            ]
            .into_iter()
            .find(|(word, ..)| path.is_ident(word))
            {
                kind = Some(format_ident!("{variant}"));
                by_serde = serde;
            } else {
                return Ok(false);
            }
            Ok(true)
        })?;
        let granting = kind.as_ref().is_some_and(|kind| kind == "PathRead" || kind == "PathWrite" || kind == "Stdin");
        if let (true, Some(default)) = (granting, &default) {
            return Err(syn::Error::new_spanned(default, "what grants files has no default: the topology must say it"));
        }
        let ty = &field.ty;
        let (ty, unwrap) = match by_serde {
            true => (quote!(::petrel_sdk::__private::Any<#ty>), quote!(.0)),
            false => (quote!(#ty), quote!()),
        };
        let kind = match kind {
            Some(kind) => quote!(::std::option::Option::Some(::petrel_sdk::ConfigKind::#kind)),
            None => quote!(::std::option::Option::None),
        };
        let default = match default {
            Some(default) => quote!(::std::option::Option::Some(::petrel_sdk::serde_json::json!(#default))),
            None => quote!(::std::option::Option::None),
        };
        let help = first_paragraph(&field.attrs);
        keys.push(quote!(::petrel_sdk::__private::key::<#ty>(#name, #kind, #default, #help)));
        values.push(quote! {
            #field_ident: ::petrel_sdk::__private::value::<#ty>(configuration, #name, #default)?#unwrap
        });
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::petrel_sdk::Config for #ident {
            fn keys() -> ::std::vec::Vec<::petrel_sdk::ConfigKey> {
                ::std::vec![#(#keys),*]
            }

            fn parse(
                configuration: &::petrel_sdk::serde_json::Value,
            ) -> ::std::result::Result<Self, ::petrel_sdk::ConfigError> {
                ::std::result::Result::Ok(#ident { #(#values),* })
            }
        }
    })
}
