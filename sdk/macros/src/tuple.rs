//! `#[derive(Tuple)]`.

use crate::attributes::{entries, named_fields, text};
use crate::lifetimes::{only_lifetime, with_static};
use crate::names::plain;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::DeriveInput;

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(&input, "a tuple")?;
    only_lifetime(&input.generics, "a tuple")?;
    let ident = &input.ident;
    let at = |lifetime: TokenStream| match input.generics.params.is_empty() {
        true => quote!(#ident),
        false => quote!(#ident<#lifetime>),
    };
    let (own, of_row) = (at(quote!('_)), at(quote!('a)));

    let mut names = Vec::new();
    let mut event_time = None;
    for field in &fields {
        let name = field.ident.as_ref().expect("fields are named");
        let mut renamed = plain(name);
        entries(&field.attrs, "tuple", "`rename = \"…\"` and `event_time`", |entry| {
            if entry.path.is_ident("rename") {
                renamed = text(entry)?;
            } else if entry.path.is_ident("event_time") {
                if event_time.is_some() {
                    return Err(entry.error("a tuple has one event time"));
                }
                event_time = Some(name.clone());
            } else {
                return Ok(false);
            }
            Ok(true)
        })?;
        if let Some(position) = names.iter().position(|other| *other == renamed) {
            let other = fields[position].ident.as_ref().expect("fields are named");
            return Err(syn::Error::new_spanned(
                field,
                format!("two fields are named `{renamed}`: this one and `{other}`"),
            ));
        }
        names.push(renamed);
    }

    let idents: Vec<_> = fields.iter().map(|field| field.ident.as_ref().expect("fields are named")).collect();
    let types: Vec<_> = fields.iter().map(|field| with_static(&field.ty)).collect();
    let columns: Vec<_> = (0..fields.len()).map(|position| format_ident!("column_{position}")).collect();
    let positions = 0..fields.len();
    let count = fields.len();
    let event_time_items = event_time.map(|event_time| {
        let position = idents.iter().position(|ident| **ident == event_time).expect("it is one of them");
        let name = &names[position];
        quote! {
            const EVENT_TIME: ::std::option::Option<&'static str> = ::std::option::Option::Some(#name);

            #[inline(always)]
            fn event_time(tuple: &Self::At<'_>) -> ::std::option::Option<::petrel_sdk::Timestamp> {
                ::std::convert::Into::into(tuple.#event_time)
            }
        }
    });
    Ok(quote! {
        const _: () = {
            pub struct Columns<'f> {
                #(#columns: <#types as ::petrel_sdk::TupleField>::Reader<'f>,)*
            }

            #[automatically_derived]
            impl ::petrel_sdk::Tuple for #own {
                type At<'a> = #of_row;
                type Columns<'f> = Columns<'f>;
                #event_time_items

                fn schema() -> ::petrel_sdk::Schema {
                    ::petrel_sdk::Schema::new([#(::petrel_sdk::__private::field::<#types>(#names)),*])
                }

                fn columns<'f>(
                    frame: &::petrel_sdk::FrameView<'f>,
                ) -> ::std::result::Result<Columns<'f>, ::petrel_sdk::Error> {
                    ::std::result::Result::Ok(Columns {
                        #(#columns: ::petrel_sdk::__private::reader::<#types>(frame, #positions, #names)?,)*
                    })
                }

                #[inline(always)]
                fn read<'f>(columns: &Self::Columns<'f>, row: usize) -> Self::At<'f> {
                    #ident { #(#idents: <#types as ::petrel_sdk::TupleField>::read(&columns.#columns, row),)* }
                }

                fn as_at(&self) -> &Self::At<'_> {
                    self
                }

                #[inline(always)]
                fn write(tuple: &Self::At<'_>, columns: &mut [::petrel_sdk::__private::ColumnBuilder]) {
                    let columns: &mut [::petrel_sdk::__private::ColumnBuilder; #count] =
                        columns.try_into().expect("the builder has the columns of the tuple");
                    let [#(#columns),*] = columns;
                    #(<#types as ::petrel_sdk::TupleField>::write(&tuple.#idents, #columns);)*
                }

                #[inline(always)]
                fn size(tuple: &Self::At<'_>) -> usize {
                    0 #(+ <#types as ::petrel_sdk::TupleField>::size(&tuple.#idents))*
                }
            }
        };
    })
}
