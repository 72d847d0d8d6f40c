//! A topology as it ran is a topology that runs the same.

use crate::shelf::{self, Shelf};
use crate::{parsed, resolved};
use petrel_model::*;

/// The shelf, which also takes the names that a record gives to its plugins.
struct Files;

impl Plugins for Files {
    fn load(&mut self, reference: &str, _: &CompileLimits) -> Result<(Digest, World), String> {
        let digest = reference.strip_prefix("plugins/").and_then(|name| name.strip_suffix(".wasm")).expect("a file");
        Ok(shelf::at(u8::from_str_radix(&digest[..2], 16).expect("a digest")))
    }

    fn config_keys(&mut self, plugin: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
        Shelf.config_keys(plugin)
    }

    fn describe(
        &mut self,
        plugin: Digest,
        configuration: &str,
        inputs: &[InputStream],
    ) -> Result<Description, DescribeProblem> {
        Shelf.describe(plugin, configuration, inputs)
    }
}

#[track_caller]
fn same_again(text: &str, overrides: &Overrides) -> String {
    let mut topology = parsed(text);
    topology.apply(overrides).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let assignment = resolved(&topology);
    let recorded = topology.record(&assignment, |digest| format!("plugins/{digest}.wasm"));
    let again = resolve(&parsed(&recorded), &mut Files, Generation(1));
    assert_eq!(again.unwrap_or_else(|problems| panic!("{problems:#?}\n{recorded}")), assignment, "{recorded}");
    recorded
}

#[test]
fn everything_that_a_topology_may_say() {
    let recorded = same_again(
        r#"
        name = "everything"
        guarantee = "at-least-once"
        acking = { ackers = 3, message_timeout_ms = 700, max_pending = 9 }
        dead_letters = { max_mb = 3, max_age_h = 5 }
        [component.sink]
        plugin = "sink"
        config = { path = "a \"quoted\"\tpath \\ \u0001 é" }
        tick_ms = 250
        on_reject = "bad"
        inputs = [
            { from = "count", grouping = "global" },
            { from = "rows", grouping = { plugin = "by-length", config = { modulo = 3 } } },
        ]
        [component.again]
        plugin = "sink"
        config = { path = "bad.tsv" }
        inputs = [{ from = "sink.bad", grouping = "shuffle" }]
        [component.count]
        plugin = "count"
        parallelism = 3
        limits = { memory_bytes = 67_108_864, state_bytes = 2, batch_ms = 50, io_ms = 3, emit_bytes = 1, emit_rows = 4, host_call_bytes = 65_537, handles = 17, timers = 5, held_tuples = 6, log_lines = 7, component_bytes = 8, compile_ms = 9, compile_memory_bytes = 67_108_865 }
        inputs = [{ from = "split.default", grouping = "fields", fields = ["a term"], rename = { word = "a term" } }]
        [component.lines]
        plugin = "lines"
        config = { path = "text/*.txt", stdin = true }
        grants = { net = ["*:80"], dirs = ["/tmp:rw", "a\"b"], env = ["HOME"], secrets = ["token"] }
        [component.split]
        plugin = "split"
        inputs = [{ from = "lines", grouping = "local-or-shuffle" }]
        [component.rows]
        plugin = "rows"
        "#,
        &Overrides::default(),
    );
    assert!(recorded.contains("# \"split\""), "{recorded}");
}

#[test]
fn what_flags_set_is_in_it_with_its_type() {
    let text = "name = \"t\"\nguarantee = \"best-effort\"\n[component.a]\nplugin = \"settings\"\n";
    for (key, value) in [
        ("boolean", "true"),
        ("integer", "0x10"),
        ("integer", "-16"),
        ("integer", "9223372036854775807"),
        ("float", "2"),
        ("float", "1e300"),
        ("float", "-0.1"),
        ("text", "0x10"),
        ("text", "plain \\ words"),
        ("text", "\"two\\nlines\""),
        ("texts", "[\"a\", \"b\"]"),
        ("read", "7"),
        ("stdin", "false"),
        ("json", "{ a = [1, 2.5, true], \"b c\" = { d = [] } }"),
        ("json", "1979-05-27"),
    ] {
        let set = vec![("a".into(), key.into(), value.into())];
        let parallelism = vec![("a".into(), 7)];
        let guarantee = Some(Guarantee::ExactlyOnce);
        same_again(text, &Overrides { set, parallelism, guarantee, ..Overrides::default() });
    }
}

/// A name of a file may not end the comment in which it stands.
#[test]
fn a_plugin_of_two_lines_is_one_comment() {
    let text = "name = \"t\"\nguarantee = \"best-effort\"\n[component.a]\nplugin = \"rows\"\n";
    let assignment = resolved(&parsed(text));
    let named = parse(&text.replace("rows", "x\\nguarantee = 5")).unwrap();
    let recorded = named.record(&assignment, |_| "plugins/x.wasm".into());
    assert!(parse(&recorded).is_ok(), "{recorded}");
}
