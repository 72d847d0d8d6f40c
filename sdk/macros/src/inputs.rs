//! `#[derive(Inputs)]`.

use crate::lifetimes::{only_lifetime, with_static};
use crate::names::kebab;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr};

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let what = "what a bolt reads is an enum whose variants hold one tuple each";
    let Data::Enum(data) = &input.data else { return Err(syn::Error::new_spanned(&input.ident, what)) };
    only_lifetime(&input.generics, "what a bolt reads")?;
    let ident = &input.ident;
    let with = |lifetime: TokenStream| match input.generics.params.is_empty() {
        true => quote!(#ident),
        false => quote!(#ident<#lifetime>),
    };
    let (own, of_row) = (with(quote!('_)), with(quote!('a)));
    let (mut variants, mut tuples, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for variant in &data.variants {
        let Fields::Unnamed(fields) = &variant.fields else { return Err(syn::Error::new_spanned(variant, what)) };
        let (Some(field), 1) = (fields.unnamed.first(), fields.unnamed.len()) else {
            return Err(syn::Error::new_spanned(variant, what));
        };
        let mut name = kebab(&variant.ident);
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("input")) {
            name = attribute.parse_args::<LitStr>()?.value();
        }
        if names.contains(&name) {
            return Err(syn::Error::new_spanned(variant, format!("two inputs are named `{name}`")));
        }
        variants.push(&variant.ident);
        tuples.push(with_static(&field.ty));
        names.push(name);
    }
    if variants.is_empty() {
        return Err(syn::Error::new_spanned(&input.ident, what));
    }
    let numbers: Vec<_> = (0..variants.len()).collect();
    Ok(quote! {
        const _: () = {
            pub enum Columns<'f> {
                #(#variants(<#tuples as ::petrel_sdk::Tuple>::Columns<'f>),)*
            }

            #[automatically_derived]
            impl ::petrel_sdk::Inputs for #own {
                type At<'a> = #of_row;
                type Columns<'f> = Columns<'f>;

                fn variant(
                    input: &::petrel_sdk::InputStream,
                ) -> ::std::result::Result<usize, ::petrel_sdk::ConfigError> {
                    ::petrel_sdk::__private::find_variant(input, &[#(#names),*])
                }

                fn schema(variant: usize) -> ::std::option::Option<::petrel_sdk::Schema> {
                    ::std::option::Option::Some(match variant {
                        #(#numbers => <#tuples as ::petrel_sdk::Tuple>::schema(),)*
                        _ => return ::std::option::Option::None,
                    })
                }

                fn columns<'f>(
                    variant: usize,
                    _: &'f ::petrel_sdk::InputStream,
                    frame: &::petrel_sdk::FrameView<'f>,
                ) -> ::std::result::Result<Columns<'f>, ::petrel_sdk::Error> {
                    ::std::result::Result::Ok(match variant {
                        #(#numbers => Columns::#variants(<#tuples as ::petrel_sdk::Tuple>::columns(frame)?),)*
                        _ => return ::std::result::Result::Err(::petrel_sdk::Error::new("there is no such input")),
                    })
                }

                #[inline(always)]
                fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f> {
                    match columns {
                        #(Columns::#variants(columns) => {
                            #ident::#variants(<#tuples as ::petrel_sdk::Tuple>::read(columns, row))
                        })*
                    }
                }
            }
        };
    })
}
