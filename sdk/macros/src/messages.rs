//! What the macros say about mistakes.

use syn::parse_quote;

fn said(result: syn::Result<proc_macro2::TokenStream>) -> String {
    result.expect_err("this is a mistake").to_string()
}

#[test]
fn a_tuple_is_a_struct_with_different_named_fields() {
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Pair(i64, i64);
        ))),
        "a tuple is a struct with named fields"
    );
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Nothing {}
        ))),
        "a tuple has a field at least"
    );
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Two<'a, 'b> {
                a: &'a str,
                b: &'b str,
            }
        ))),
        "a tuple has at most one lifetime and no type parameters"
    );
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Same {
                a: i64,
                #[tuple(rename = "a")]
                b: i64,
            }
        ))),
        "two fields are named `a`: this one and `a`"
    );
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Odd {
                #[tuple(name = "b")]
                a: i64,
            }
        ))),
        "unknown: `#[tuple(…)]` takes `rename = \"…\"` and `event_time`"
    );
    assert_eq!(
        said(crate::tuple::derive(parse_quote!(
            struct Late {
                #[tuple(event_time)]
                a: Timestamp,
                #[tuple(event_time)]
                b: Timestamp,
            }
        ))),
        "a tuple has one event time"
    );
}

#[test]
fn files_are_never_granted_by_a_default() {
    assert_eq!(
        said(crate::config::derive(parse_quote!(
            struct Settings {
                #[config(path_read, default = "/")]
                path: String,
            }
        ))),
        "what grants files has no default: the topology must say it"
    );
}

#[test]
fn state_has_references() {
    assert!(
        said(crate::state::derive(parse_quote!(
            struct Kept {
                total: Value<i64>,
            }
        )))
        .starts_with("the state of a bolt has references")
    );
}

#[test]
fn outputs_have_no_lifetime() {
    assert!(
        said(crate::outputs::derive(parse_quote!(
            struct Out<'a> {
                words: Output<Word<'a>>,
            }
        )))
        .starts_with("what a plugin emits has no lifetime: write `Output<Word<'static>>`")
    );
}

#[test]
fn inputs_are_an_enum_of_tuples() {
    let what = "what a bolt reads is an enum whose variants hold one tuple each";
    assert_eq!(
        said(crate::inputs::derive(parse_quote!(
            struct In {
                a: i64,
            }
        ))),
        what
    );
    assert_eq!(
        said(crate::inputs::derive(parse_quote!(
            enum In {
                A,
                B,
            }
        ))),
        what
    );
    assert_eq!(
        said(crate::inputs::derive(parse_quote!(
            enum In {
                Word(Word),
                #[input("word")]
                B(Word),
            }
        ))),
        "two inputs are named `word`"
    );
}

#[test]
fn functions_that_are_no_bolts() {
    let bolt = |function: proc_macro2::TokenStream| said(crate::bolt::attribute(quote::quote!(), function));
    assert_eq!(
        bolt(quote::quote!(
            fn count(out: &mut Output<Count>) {}
        )),
        "a bolt takes its input by value, as in `fn count(word: Word<'_>, …)`"
    );
    assert_eq!(
        bolt(quote::quote!(
            fn count(word: Word, a: &mut Output<Count>, b: &mut Output<Count>) {}
        )),
        "a bolt has one output; several streams are a struct with `#[derive(Outputs)]`"
    );
    assert_eq!(
        bolt(quote::quote!(
            fn count<T>(word: T) {}
        )),
        "a bolt has no type parameters"
    );
    assert_eq!(
        bolt(quote::quote!(
            struct Count;
        )),
        "`#[bolt]` belongs on a function or on an implementation of `Bolt`"
    );
    assert_eq!(bolt(quote::quote!(impl Spout for Count {})), "`#[bolt]` belongs on `impl Bolt for …`");
    assert_eq!(
        said(crate::bolt::attribute(
            quote::quote!(keys = "word"),
            quote::quote!(
                fn count(word: Word) {}
            )
        )),
        "unknown: `#[bolt(…)]` takes `key = \"…\"` or `key = [\"…\", …]`"
    );
}

#[test]
fn functions_that_are_no_spouts() {
    let spout = |function: proc_macro2::TokenStream| said(crate::spout::attribute(quote::quote!(), function));
    assert!(
        spout(quote::quote!(
            fn numbers() -> Next {}
        ))
        .starts_with("a spout has a position")
    );
    assert!(
        spout(quote::quote!(
            fn numbers(position: u64) -> Next {}
        ))
        .starts_with("a spout takes references")
    );
}
