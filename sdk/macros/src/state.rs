//! `#[derive(State)]`, and the struct that `#[bolt]` makes of a function's parameters.

use crate::attributes::{entries, named_fields, text};
use crate::lifetimes::{only_lifetime, with_static};
use crate::names::plain;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Ident, LitInt, Type, Visibility};

/// A table: the field it is, the type behind the reference, its name and version.
pub(crate) struct TableField {
    pub(crate) ident: Ident,
    pub(crate) stored: Type,
    pub(crate) name: String,
    pub(crate) version: Option<LitInt>,
}

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let fields = named_fields(&input, "the state of a bolt")?;
    only_lifetime(&input.generics, "the state of a bolt")?;
    let mut tables: Vec<TableField> = Vec::new();
    for field in fields {
        let ident = field.ident.clone().expect("fields are named");
        let Type::Reference(reference) = &field.ty else {
            return Err(syn::Error::new_spanned(
                &field.ty,
                "the state of a bolt has references: `&'s mut Value<…>`, `&'s mut List<…>`, `&'s mut Map<…>` or `&'s mut Timers`",
            ));
        };
        let mut table = TableField { name: plain(&ident), ident, stored: with_static(&reference.elem), version: None };
        entries(&field.attrs, "state", "`rename = \"…\"` and `version = N`", |entry| {
            if entry.path.is_ident("rename") {
                table.name = text(entry)?;
            } else if entry.path.is_ident("version") {
                table.version = Some(entry.value()?.parse()?);
            } else {
                return Ok(false);
            }
            Ok(true)
        })?;
        if tables.iter().any(|other| other.name == table.name) {
            return Err(syn::Error::new_spanned(field, format!("two tables are named `{}`", table.name)));
        }
        tables.push(table);
    }
    Ok(implement(&input.vis, &input.ident, &tables))
}

/// Implements `State` for a struct with one lifetime and these fields.
pub(crate) fn implement(visibility: &Visibility, ident: &Ident, tables: &[TableField]) -> TokenStream {
    let tables_ident = format_ident!("{ident}Tables");
    let idents: Vec<_> = tables.iter().map(|table| &table.ident).collect();
    let stored: Vec<_> = tables.iter().map(|table| &table.stored).collect();
    let names: Vec<_> = tables.iter().map(|table| &table.name).collect();
    let versions: Vec<_> =
        tables.iter().map(|table| table.version.as_ref().map_or(quote!(0), |version| quote!(#version))).collect();
    let offsets = 0..tables.len();
    let count = tables.len();
    let tables_doc = format!("The tables of `{ident}`, for all keys.");
    let field_docs: Vec<_> = names.iter().map(|name| format!("The table `{name}`.")).collect();
    quote! {
        #[doc = #tables_doc]
        #visibility struct #tables_ident {
            #(#[doc = #field_docs] pub #idents: <#stored as ::petrel_sdk::__private::Stored>::Table,)*
        }

        #[automatically_derived]
        impl ::petrel_sdk::State for #ident<'_> {
            type At<'s> = #ident<'s>;
            type Tables = #tables_ident;

            #[inline(always)]
            fn at(tables: &mut #tables_ident, key: usize) -> #ident<'_> {
                #ident { #(#idents: ::petrel_sdk::__private::Table::at(&mut tables.#idents, key),)* }
            }
        }

        #[automatically_derived]
        impl ::petrel_sdk::__private::Tables for #tables_ident {
            const COUNT: usize = #count;
            const PASSED: bool =
                false #(|| <<#stored as ::petrel_sdk::__private::Stored>::Table as ::petrel_sdk::__private::Table>::PASSED)*;
            const NEEDS_KEYS: bool =
                false #(|| <<#stored as ::petrel_sdk::__private::Stored>::Table as ::petrel_sdk::__private::Table>::NEEDS_KEYS)*;

            fn describe(specs: &mut ::std::vec::Vec<::petrel_sdk::TableSpec>) {
                #(specs.push(::petrel_sdk::TableSpec {
                    version: #versions,
                    ..<<#stored as ::petrel_sdk::__private::Stored>::Table as ::petrel_sdk::__private::Table>::spec(#names)
                });)*
            }

            fn open(first: usize) -> Self {
                #tables_ident { #(#idents: ::petrel_sdk::__private::Table::open(first + #offsets),)* }
            }

            fn begin(
                &mut self,
                state: &::petrel_sdk::__private::BatchState<'_>,
                keys: &::petrel_sdk::__private::CallKeys,
            ) -> ::std::result::Result<(), ::petrel_sdk::Error> {
                #(::petrel_sdk::__private::Table::begin(&mut self.#idents, state, keys)?;)*
                ::std::result::Result::Ok(())
            }

            fn end(
                &mut self,
                state: &mut ::petrel_sdk::__private::BatchState<'_>,
            ) -> ::std::result::Result<(), ::petrel_sdk::Error> {
                #(::petrel_sdk::__private::Table::end(&mut self.#idents, state)?;)*
                ::std::result::Result::Ok(())
            }
        }
    }
}
