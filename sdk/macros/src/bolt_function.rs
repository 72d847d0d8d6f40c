//! `#[bolt]` on a function.

use crate::bolt::Arguments;
use crate::lifetimes::{with_lifetime, with_static};
use crate::state::{self, TableField};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, Ident, ItemFn, Pat, Type, parse_quote};

/// What a parameter asks for.
enum Parameter {
    Input,
    State,
    Table(Ident),
    Output,
    Config,
    Context,
}

/// What the parameters ask for together.
#[derive(Default)]
struct Signature {
    parameters: Vec<Parameter>,
    input: Option<Type>,
    state: Option<Type>,
    tables: Vec<TableField>,
    output: Option<Type>,
    config: Option<Type>,
    context: bool,
}

pub(crate) fn expand(arguments: &Arguments, function: ItemFn) -> syn::Result<TokenStream> {
    let signature = read(&function)?;
    let ident = &function.sig.ident;
    let visibility = &function.vis;
    let Some(input) = &signature.input else {
        return Err(syn::Error::new_spanned(
            &function.sig,
            "a bolt takes its input by value, as in `fn count(word: Word<'_>, …)`",
        ));
    };
    let key = &arguments.key;
    let state_ident = format_ident!("{}State", camel(ident));
    let (state, state_items) = if let Some(state) = &signature.state {
        (quote!(#state), quote!())
    } else if signature.tables.is_empty() {
        (quote!(()), quote!())
    } else {
        let fields: Vec<_> = signature.tables.iter().map(|table| &table.ident).collect();
        let types: Vec<_> = signature.tables.iter().map(|table| with_lifetime(&table.stored, "'s")).collect();
        let implementation = state::implement(&parse_quote!(pub), &state_ident, &signature.tables);
        let items = quote! {
            pub struct #state_ident<'s> {
                #(pub #fields: &'s mut #types,)*
            }
            #implementation
        };
        (quote!(#state_ident<'static>), items)
    };
    let output = signature.output.as_ref().map_or(quote!(()), |output| quote!(#output));
    let config = signature.config.as_ref().map_or(quote!(()), |config| quote!(#config));
    let context_field = signature.context.then(|| quote!(context: ::petrel_sdk::Context,));
    let context_value = signature.context.then(|| quote!(context: ::std::clone::Clone::clone(context),));
    let passed = signature.parameters.iter().map(|parameter| match parameter {
        Parameter::Input => quote!(input),
        Parameter::State => quote!(state),
        Parameter::Table(table) => quote!(state.#table),
        Parameter::Output => quote!(out),
        Parameter::Config => quote!(&self.config),
        Parameter::Context => quote!(&self.context),
    });
    let capabilities = quote!();
    Ok(quote! {
        #function

        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #visibility struct #ident {
            config: #config,
            #context_field
        }

        const _: () = {
            #state_items

            impl ::petrel_sdk::Bolt for #ident {
                type Config = #config;
                type Input = #input;
                type State = #state;
                type Output = #output;
                const KEY: &'static [&'static str] = &[#(#key),*];
                #capabilities

                fn open(
                    context: &::petrel_sdk::Context,
                    config: #config,
                ) -> ::std::result::Result<Self, ::petrel_sdk::Error> {
                    let _ = context;
                    ::std::result::Result::Ok(#ident { config, #context_value })
                }

                #[inline(always)]
                #[allow(unused_variables, clippy::unit_arg)]
                fn process(
                    &mut self,
                    input: ::petrel_sdk::InputAt<'_, Self>,
                    state: ::petrel_sdk::StateAt<'_, Self>,
                    out: &mut #output,
                ) -> ::std::result::Result<(), ::petrel_sdk::Fault> {
                    ::petrel_sdk::__private::Outcome::outcome(#ident(#(#passed),*))
                }
            }
        };

        ::petrel_sdk::export_bolt!(#ident);
    })
}

fn read(function: &ItemFn) -> syn::Result<Signature> {
    if !function.sig.generics.params.iter().all(|parameter| matches!(parameter, syn::GenericParam::Lifetime(_))) {
        return Err(syn::Error::new_spanned(&function.sig.generics, "a bolt has no type parameters"));
    }
    if let Some(asyncness) = &function.sig.asyncness {
        return Err(syn::Error::new_spanned(
            asyncness,
            "a bolt is not `async`: it computes, and the host waits for what there is to wait for",
        ));
    }
    let mut signature = Signature::default();
    for argument in &function.sig.inputs {
        let FnArg::Typed(argument) = argument else {
            return Err(syn::Error::new_spanned(
                argument,
                "`#[bolt]` belongs on a function without `self`, or on `impl Bolt for …`",
            ));
        };
        let parameter = match &*argument.ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                let stored = with_static(&reference.elem);
                if is_table(&reference.elem) {
                    let Pat::Ident(name) = &*argument.pat else {
                        return Err(syn::Error::new_spanned(
                            &argument.pat,
                            "a state table is named after its parameter",
                        ));
                    };
                    let ident = name.ident.clone();
                    let text = crate::names::plain(&ident);
                    let text = text.trim_start_matches('_').to_owned();
                    signature.tables.push(TableField { name: text, ident: ident.clone(), stored, version: None });
                    Parameter::Table(ident)
                } else {
                    once(
                        &mut signature.output,
                        stored,
                        argument,
                        "a bolt has one output; several streams are a struct with `#[derive(Outputs)]`",
                    )?;
                    Parameter::Output
                }
            }
            Type::Reference(reference) => {
                if last_is(&reference.elem, &["Context"]) {
                    signature.context = true;
                    Parameter::Context
                } else {
                    once(
                        &mut signature.config,
                        with_static(&reference.elem),
                        argument,
                        "a bolt has one configuration",
                    )?;
                    Parameter::Config
                }
            }
            by_value if signature.input.is_none() => {
                signature.input = Some(with_static(by_value));
                Parameter::Input
            }
            by_value => {
                once(
                    &mut signature.state,
                    with_static(by_value),
                    argument,
                    "a bolt takes its input and its state by value, and no more",
                )?;
                Parameter::State
            }
        };
        signature.parameters.push(parameter);
    }
    if signature.state.is_some() && !signature.tables.is_empty() {
        return Err(syn::Error::new_spanned(
            &function.sig.inputs,
            "a bolt has state tables as parameters, or a struct of them, not both",
        ));
    }
    Ok(signature)
}

fn once(slot: &mut Option<Type>, ty: Type, argument: &syn::PatType, message: &str) -> syn::Result<()> {
    if slot.is_some() {
        return Err(syn::Error::new_spanned(argument, message));
    }
    *slot = Some(ty);
    Ok(())
}

fn is_table(ty: &Type) -> bool {
    last_is(ty, &["Value", "List", "Map", "Timers"])
}

/// Whether the last part of a path is one of these.
pub(crate) fn last_is(ty: &Type, names: &[&str]) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| names.iter().any(|name| last.ident == name))
}

fn camel(ident: &Ident) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    crate::names::plain(ident).split('_').map(capital).collect()
}
