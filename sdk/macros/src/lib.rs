//! The macros of petrel-sdk, which documents and re-exports them. One file for each; all expand to paths in
//! `::petrel_sdk`.

mod attributes;
mod bolt;
mod bolt_function;
mod config;
mod inputs;
mod lifetimes;
#[cfg(test)]
mod messages;
mod names;
mod outputs;
mod spout;
mod state;
mod tuple;

use proc_macro::TokenStream;

/// Makes a struct a tuple of a stream. See the trait `Tuple` of petrel-sdk.
#[proc_macro_derive(Tuple, attributes(tuple))]
pub fn derive_tuple(item: TokenStream) -> TokenStream {
    expand(syn::parse(item).and_then(tuple::derive))
}

/// Makes a struct the configuration of a component. See the trait `Config` of petrel-sdk.
#[proc_macro_derive(Config, attributes(config))]
pub fn derive_config(item: TokenStream) -> TokenStream {
    expand(syn::parse(item).and_then(config::derive))
}

/// Makes a struct of references the state of a bolt. See the trait `State` of petrel-sdk.
#[proc_macro_derive(State, attributes(state))]
pub fn derive_state(item: TokenStream) -> TokenStream {
    expand(syn::parse(item).and_then(state::derive))
}

/// Makes an enum of tuples what a bolt reads. See the trait `Inputs` of petrel-sdk.
#[proc_macro_derive(Inputs, attributes(input))]
pub fn derive_inputs(item: TokenStream) -> TokenStream {
    expand(syn::parse(item).and_then(inputs::derive))
}

/// Makes a struct of `Output`s what a plugin emits. See the trait `Outputs` of petrel-sdk.
#[proc_macro_derive(Outputs, attributes(output))]
pub fn derive_outputs(item: TokenStream) -> TokenStream {
    expand(syn::parse(item).and_then(outputs::derive))
}

/// Makes a function, or an implementation of `Bolt`, the bolt of this crate.
///
/// `key = "…"` names the field, or `key = ["…", "…"]` the fields, that key its state.
///
/// A **function** gets, in any order, what its parameters ask for:
///
/// | parameter | what it is |
/// |---|---|
/// | `input: T` | the tuple, the one parameter that must be there |
/// | `name: &mut Value<…>`, `&mut List<…>`, `&mut Map<…>`, `&mut Timers` | a state table of that name; any number |
/// | `state: T`, the second one by value | a struct with `#[derive(State)]` |
/// | `out: &mut Output<…>`, or another type by `&mut` | what it emits |
/// | `config: &T` | the configuration |
/// | `context: &Context` | where it runs |
///
/// It returns nothing or `Result<(), Fault>`. It stays a function that can be called, and gives its name to a type
/// that implements `Bolt`, for `BoltTest::<name>`.
///
/// In an **implementation** of `Bolt`, the types `Config`, `State` and `Output` are `()` where they are left out.
#[proc_macro_attribute]
pub fn bolt(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(bolt::attribute(arguments.into(), item.into()))
}

/// Makes a function, or an implementation of `Spout`, the spout of this crate.
///
/// A **function** gets `position: &mut P`, where it is in its source, `out: &mut Output<…>`, `config: &T` and
/// `context: &Context`, all but the position optional. `P` is any type that serde takes and that has a default, from
/// which it starts. It returns `Next` or `Result<Next, Error>`. The first parameter by `&mut` is the position.
///
/// In an **implementation** of `Spout`, the types `Config` and `Output` are `()` where they are left out.
#[proc_macro_attribute]
pub fn spout(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand(spout::attribute(arguments.into(), item.into()))
}

fn expand(result: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    result.unwrap_or_else(|error| error.to_compile_error()).into()
}
