//! `petrel plugin`.

use super::schema::assert_fits;
use crate::guests::guest;
use petrel_tests::Sandbox;
use serde_json::json;

#[test]
fn the_standard_plugins_are_listed() {
    let sandbox = Sandbox::new();
    let document = sandbox.run(&["plugin", "list", "-o", "json"]).ok().json();
    assert_fits(&document, "plugin-list");
    let plugins = document["plugins"].as_array().unwrap();
    let names: Vec<&str> = plugins.iter().map(|plugin| plugin["name"].as_str().unwrap()).collect();
    assert!(["count", "file-sink", "lines", "split"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(!names.iter().any(|name| name.starts_with("bench-")), "{names:?}");
    assert!(names.is_sorted());
    let text = sandbox.run(&["plugin", "list"]).ok().stdout();
    assert_eq!(text.lines().count(), names.len() + 1);
    assert!(text.lines().all(|line| line == line.trim()), "{text}");
}

#[test]
fn a_plugin_tells_its_configuration_and_its_streams() {
    let sandbox = Sandbox::new();
    let inspect = ["plugin", "inspect", "count", "--schema", "word:bytes,other:i64", "--key", "word"];
    let document = sandbox.run(&[&inspect[..], &["-o", "json"]].concat()).ok().json();
    assert_fits(&document, "plugin-inspect");
    assert_eq!(document["world"], "bolt");
    assert_eq!(document["problem"], json!(null));
    assert_eq!(document["description"]["state"]["key"], json!(["word"]));
    assert_eq!(document["description"]["inputs"], json!([[{ "name": "word", "type": "bytes" }]]));
    let text = sandbox.run(&inspect).ok().stdout();
    for part in
        ["count: a bolt of", "configuration", "emits\n  default (word: bytes, count: i64)", "petrel:plugin/state@"]
    {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn what_cannot_be_told_without_inputs_or_configuration_is_said_so() {
    let sandbox = Sandbox::new();
    let document = sandbox.run(&["plugin", "inspect", "count", "-o", "json"]).ok().json();
    assert_fits(&document, "plugin-inspect");
    assert_eq!(document["description"], json!(null));
    assert!(document["problem"]["message"].is_string());
    let text = sandbox.run(&["plugin", "inspect", "count"]).ok().stdout();
    assert!(text.contains("tell it with --schema"), "{text}");
}

#[test]
fn inputs_may_have_names() {
    let sandbox = Sandbox::new();
    let join = guest("join");
    let orders = ["--input", "orders=customer:string,total:f64"];
    let customers = ["--input", "crm.customers=country:string,customer:string"];
    let inspect = [&["plugin", "inspect", &join, "--key", "customer"], &orders[..], &customers[..]].concat();
    let document = sandbox.run(&[&inspect[..], &["-o", "json"]].concat()).ok().json();
    assert_fits(&document, "plugin-inspect");
    let read = |input: usize| document["description"]["inputs"][input].as_array().unwrap().clone();
    let names = |input: usize| read(input).iter().map(|field| field["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(0), ["customer", "total"]);
    assert_eq!(names(1), ["customer", "country"]);
    assert!(sandbox.run(&inspect).ok().stdout().contains("emits\n  default (country: string, total: f64)"));
    // With names that the bolt does not know it cannot tell: what was said does not suit it.
    let unnamed =
        ["plugin", "inspect", &join, "--key", "customer", "--schema", "customer:string,total:f64", "-o", "json"];
    let refused = sandbox.run(&unnamed);
    assert_fits(&refused.json(), "plugin-inspect");
    refused.fails(2, &["streams and state cannot be told", "named `orders`, `customers`"]);
    sandbox.run(&["plugin", "inspect", &join, "--input", "customer:string"]).fails(2, &["orders=customer:string"]);
    sandbox.run(&["plugin", "inspect", &join, "--input", "a b=c:i64"]).fails(2, &["\"a b\" names no input"]);
}

#[test]
fn a_plugin_that_fails_when_it_is_asked_is_a_failure() {
    let sandbox = Sandbox::new();
    let inspect = ["plugin", "inspect", &guest("hostile"), "--config", "{\"how\": \"describe-trap\"}"];
    let asked = sandbox.run(&[&inspect[..], &["-o", "json"]].concat());
    let document = asked.json();
    assert_fits(&document, "plugin-inspect");
    assert!(document["problem"]["message"].as_str().unwrap().contains("no description today"), "{document:#}");
    asked.fails(1, &["`describe` failed", "no description today"]);
    let asked = sandbox.run(&inspect);
    assert!(asked.stdout().contains("\nimports\n"), "what can be told is told: {}", asked.stdout());
    asked.fails(1, &["no description today"]);
}

#[test]
fn mistakes_are_told() {
    let sandbox = Sandbox::new();
    let unknown = sandbox.run(&["plugin", "inspect", "cuont"]);
    assert!(!unknown.stderr().contains("bench-"), "{}", unknown.stderr());
    unknown.fails(2, &["no standard plugin \"cuont\"", "did you mean \"count\"?"]);
    sandbox.run(&["plugin", "inspect", "."]).fails(2, &["\".\" is a folder", "`petrel build .` prints"]);
    sandbox.run(&["plugin", "inspect", "a b"]).fails(2, &["\"a b\"", "such as \"./shout.wasm\""]);
    sandbox.run(&["plugin", "inspect", "./none.wasm"]).fails(2, &["there is no file ./none.wasm"]);
    sandbox.run(&["plugin", "inspect", "./"]).fails(2, &["cannot read the plugin ./", "name a file in that folder"]);
    sandbox
        .run(&["plugin", "inspect", "count", "--config", "{\"emti\": 1}"])
        .fails(2, &["\"emti\"", "did you mean \"emit\"?"]);
    sandbox.run(&["plugin", "inspect", "count", "--config", "emit"]).fails(2, &["not JSON"]);
    sandbox.run(&["plugin", "inspect", "count", "--schema", "word"]).fails(2, &["write NAME:TYPE"]);
}
