//! `#[derive(Outputs)]`.

use crate::attributes::{entries, named_fields, text};
use crate::names::kebab;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(&input, "what a plugin emits")?;
    if !input.generics.params.is_empty() {
        return Err(syn::Error::new_spanned(
            &input.generics,
            "what a plugin emits has no lifetime: write `Output<Word<'static>>`, which takes tuples of any lifetime",
        ));
    }
    let ident = &input.ident;
    let (mut idents, mut types, mut names, mut directs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let field_ident = field.ident.as_ref().expect("fields are named");
        let (mut name, mut direct) = (kebab(field_ident), false);
        entries(&field.attrs, "output", "`rename = \"…\"` and `direct`", |entry| {
            if entry.path.is_ident("rename") {
                name = text(entry)?;
            } else if entry.path.is_ident("direct") {
                direct = true;
            } else {
                return Ok(false);
            }
            Ok(true)
        })?;
        if names.contains(&name) {
            return Err(syn::Error::new_spanned(field, format!("two streams are named `{name}`")));
        }
        idents.push(field_ident);
        types.push(&field.ty);
        names.push(name);
        directs.push(direct);
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::petrel_sdk::Outputs for #ident {
            fn streams() -> ::std::vec::Vec<::petrel_sdk::OutputStream> {
                ::std::vec![#(<#types>::stream(#names, #directs)),*]
            }

            fn open(opening: &mut ::petrel_sdk::__private::Opening) -> Self {
                #ident { #(#idents: <#types as ::petrel_sdk::Outputs>::open(opening)),* }
            }

            fn begin(&mut self, input_rows: usize) {
                #(::petrel_sdk::Outputs::begin(&mut self.#idents, input_rows);)*
            }

            #[inline]
            fn anchor(&mut self, input_row: usize) {
                #(::petrel_sdk::Outputs::anchor(&mut self.#idents, input_row);)*
            }

            fn pending(&self) -> (usize, usize) {
                let pending = [#(::petrel_sdk::Outputs::pending(&self.#idents)),*];
                pending.into_iter().fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
            }

            fn flush(&mut self, position: &[u8]) -> ::std::result::Result<(), ::petrel_sdk::Error> {
                #(::petrel_sdk::Outputs::flush(&mut self.#idents, position)?;)*
                ::std::result::Result::Ok(())
            }
        }
    })
}
