//! A topology as it ran, written down so that it can be run again: what flags changed is in it, and every plugin is named
//! by a file.
//!
//! Structs are taken apart field by field, so that a key that is added to topologies is not forgotten here.

use super::component::{ComponentSpec, Setting};
use super::grants::written as written_grants;
use super::input::{GroupingSpec, InputSpec};
use super::limits::written as written_limits;
use super::{Located, Place, Topology};
use crate::assignment::{Acking, Assignment, DeadLetterLimits, Grants, Grouping, Guarantee};
use crate::id::Digest;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::Value;

impl Topology {
    /// The topology as TOML, as the assignment that it was resolved to runs it. `plugin` names the file of a plugin, from
    /// the folder on in which the text will be.
    ///
    /// Parsed and resolved again with those files it gives the same assignment. Secrets are named; their values are not
    /// part of a topology.
    pub fn record(&self, assignment: &Assignment, plugin: impl Fn(Digest) -> String) -> String {
        let Topology { name, guarantee, acking, dead_letters, components, order: _ } = self;
        let Acking { ackers, message_timeout_ms, max_pending } = **acking;
        let DeadLetterLimits { max_bytes, max_age_ms } = dead_letters;
        let mut text = format!("name = {}\nguarantee = {}\n", quoted(name.as_str()), quoted(guarantee.name()));
        // Where nothing is tracked, nobody wants to be told that it has no effect, unless he wrote it.
        if guarantee.value != Guarantee::BestEffort || acking.place != Place::Nowhere {
            text.push_str(&format!(
                "acking = {{ ackers = {ackers}, message_timeout_ms = {message_timeout_ms}, max_pending = {max_pending} }}\n"
            ));
        }
        text.push_str(&format!(
            "dead_letters = {{ max_mb = {}, max_age_h = {} }}\n",
            max_bytes >> 20,
            max_age_ms / 3_600_000
        ));
        for spec in components {
            let resolved = assignment.components.iter().find(|component| component.name == spec.name.value);
            let Some(resolved) = resolved else { continue };
            let groupings = resolved.inputs.iter().map(|input| &input.grouping);
            component(spec, resolved.plugin, &resolved.configuration, groupings, &plugin, &mut text);
        }
        text
    }
}

fn component<'a>(
    spec: &ComponentSpec,
    digest: Digest,
    configuration: &str,
    groupings: impl Iterator<Item = &'a Grouping>,
    plugin: &impl Fn(Digest) -> String,
    text: &mut String,
) {
    let ComponentSpec { name, plugin: reference, parallelism, config, inputs, on_reject, grants, limits, tick_ms } =
        spec;
    text.push_str(&format!("\n[component.{}]\n", **name));
    text.push_str(&format!("plugin = {} # {:?}\n", quoted(&plugin(digest)), **reference));
    text.push_str(&format!("parallelism = {}\n", **parallelism));
    text.push_str(&format!("config = {}\n", settings(config, configuration)));
    if !inputs.is_empty() {
        text.push_str("inputs = [\n");
        for (spec, grouping) in inputs.iter().zip(groupings) {
            text.push_str(&format!("    {},\n", input(spec, grouping, plugin)));
        }
        text.push_str("]\n");
    }
    if let Some(stream) = on_reject {
        text.push_str(&format!("on_reject = {}\n", quoted(stream.as_str())));
    }
    if grants.value != Grants::default() {
        text.push_str(&format!("{}\n", written_grants(grants)));
    }
    text.push_str(&format!("{}\n", written_limits(limits)));
    text.push_str(&format!("tick_ms = {tick_ms}\n"));
}

fn input(spec: &InputSpec, grouping: &Grouping, plugin: &impl Fn(Digest) -> String) -> String {
    let InputSpec { place: _, from, grouping: written, rename } = spec;
    let mut parts = Vec::from([format!("from = {}", quoted(&from.to_string()))]);
    parts.push(match (&written.value, grouping) {
        (GroupingSpec::Custom { config, .. }, Grouping::Custom { plugin: digest, configuration, .. }) => format!(
            "grouping = {{ plugin = {}, config = {} }}",
            quoted(&plugin(*digest)),
            settings(config, configuration)
        ),
        (written, _) => format!("grouping = {}", quoted(written.name())),
    });
    if let [_, ..] = written.key() {
        let key: Vec<String> = written.key().iter().map(|field: &Located<String>| quoted(field)).collect();
        parts.push(format!("fields = [{}]", key.join(", ")));
    }
    if !rename.is_empty() {
        let rename: Vec<String> =
            rename.iter().map(|rename| format!("{} = {}", quoted(&rename.theirs), quoted(&rename.ours))).collect();
        parts.push(format!("rename = {{ {} }}", rename.join(", ")));
    }
    format!("{{ {} }}", parts.join(", "))
}

/// The settings with the values that the plugin got: what a flag's text means depends on the type of the key. Defaults
/// stay the plugin's.
fn settings(set: &[Setting], configuration: &str) -> String {
    let values: Value = serde_json::from_str(configuration).unwrap_or_default();
    let setting = |setting: &Setting| {
        let value = values.get(setting.key.as_str())?;
        Some(format!("{} = {}", quoted(&setting.key), toml(value)?))
    };
    let settings: Vec<String> = set.iter().filter_map(setting).collect();
    if settings.is_empty() { String::from("{}") } else { format!("{{ {} }}", settings.join(", ")) }
}

/// A JSON value as TOML, on one line; none for null, which TOML does not have.
fn toml(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", items.iter().filter_map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members: Vec<String> =
                members.iter().filter_map(|(key, value)| Some(format!("{} = {}", quoted(key), toml(value)?))).collect();
            format!("{{ {} }}", members.join(", "))
        }
    })
}

/// A basic string of TOML, which may also be a key.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
