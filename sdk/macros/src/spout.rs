//! `#[spout]`.

use crate::bolt::{check_trait, default_types};
use crate::bolt_function::last_is;
use crate::lifetimes::with_static;
use proc_macro2::TokenStream;
use quote::quote;
use syn::{FnArg, Item, ItemFn, Type};

pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(syn::Error::new_spanned(arguments, "`#[spout]` takes no arguments"));
    }
    match syn::parse2(item)? {
        Item::Fn(function) => expand_function(&function),
        Item::Impl(mut implementation) => {
            check_trait(&implementation, "Spout", "#[spout]")?;
            default_types(&mut implementation, &["Config", "Output"]);
            let ty = &implementation.self_ty;
            Ok(quote! {
                #implementation
                ::petrel_sdk::export_spout!(#ty);
            })
        }
        other => {
            Err(syn::Error::new_spanned(other, "`#[spout]` belongs on a function or on an implementation of `Spout`"))
        }
    }
}

fn expand_function(function: &ItemFn) -> syn::Result<TokenStream> {
    let (mut position, mut output, mut config) = (None, None, None);
    let mut context = false;
    let mut passed = Vec::new();
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else {
            return Err(syn::Error::new_spanned(
                argument,
                "`#[spout]` belongs on a function without `self`, or on `impl Spout for …`",
            ));
        };
        let Type::Reference(reference) = &*argument.ty else {
            return Err(syn::Error::new_spanned(
                argument,
                "a spout takes references: `position: &mut P`, `out: &mut Output<…>`, `config: &T`, `context: &Context`",
            ));
        };
        let ty = with_static(&reference.elem);
        passed.push(match (reference.mutability, &position, &output) {
            (None, ..) if last_is(&reference.elem, &["Context"]) => {
                context = true;
                quote!(&self.context)
            }
            (None, ..) if config.is_none() => {
                config = Some(ty);
                quote!(&self.config)
            }
            (Some(_), None, _) => {
                position = Some(ty);
                quote!(&mut self.position)
            }
            (Some(_), Some(_), None) => {
                output = Some(ty);
                quote!(out)
            }
            _ => {
                return Err(syn::Error::new_spanned(
                    argument,
                    "a spout has one position, one output and one configuration",
                ));
            }
        });
    }
    let Some(position) = position else {
        return Err(syn::Error::new_spanned(
            &function.sig,
            "a spout has a position, as in `fn lines(position: &mut u64, out: &mut Output<Line<'_>>) -> Next`",
        ));
    };
    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let output = output.map_or(quote!(()), |output| quote!(#output));
    let config = config.map_or(quote!(()), |config| quote!(#config));
    let context_field = context.then(|| quote!(context: ::petrel_sdk::Context,));
    let context_value = context.then(|| quote!(context: ::std::clone::Clone::clone(context),));
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {
            config: #config,
            position: #position,
            #context_field
        }

        impl ::petrel_sdk::Spout for #ident {
            type Config = #config;
            type Output = #output;
            type Position = #position;

            fn open(
                context: &::petrel_sdk::Context,
                config: #config,
                position: ::std::option::Option<#position>,
            ) -> ::std::result::Result<Self, ::petrel_sdk::Error> {
                let _ = context;
                let position = ::std::option::Option::unwrap_or_default(position);
                ::std::result::Result::Ok(#ident { config, position, #context_value })
            }

            fn next(&mut self, out: &mut #output) -> ::std::result::Result<::petrel_sdk::Next, ::petrel_sdk::Error> {
                let _ = &out;
                ::petrel_sdk::__private::Outcome::outcome(#ident(#(#passed),*))
            }

            fn position(&self) -> #position {
                ::std::clone::Clone::clone(&self.position)
            }
        }

        ::petrel_sdk::export_spout!(#ident);
    })
}
