//! The configuration of a plugin against the keys that it takes.

use crate::assignment::{PathAccess, PathGrant};
use crate::plugin::{ConfigKey, ConfigKind};
use crate::problem::{Problem, did_you_mean};
use crate::topology::{Located, Place, Setting, Value};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Map, Number};

/// A checked configuration.
pub(crate) struct Configuration {
    /// One JSON object, defaults filled in.
    pub(crate) json: String,
    /// The paths that it grants.
    pub(crate) paths: Vec<PathGrant>,
}

/// Checks what was set against the keys that the plugin takes; none if something is wrong.
///
/// `place` is where a key that is missing would have to be added.
pub(crate) fn check(
    owner: &str,
    plugin: &Located<String>,
    place: &Place,
    settings: &[Setting],
    keys: &[ConfigKey],
    problems: &mut Vec<Problem>,
) -> Option<Configuration> {
    let problems_before = problems.len();
    check_keys(plugin, keys, problems);
    for setting in settings {
        if !keys.iter().any(|key| key.name == *setting.key.value) {
            let message = format!(
                "{owner} has no configuration key `{}`: its plugin `{}` takes none of that name",
                *setting.key, **plugin
            );
            let names = keys.iter().map(|key| key.name.as_str());
            problems.push(Problem::at(&setting.key.place, message).help(did_you_mean(
                &setting.key,
                names,
                "this plugin takes no configuration: remove it",
            )));
        }
    }
    let mut object = Map::new();
    let mut paths = Vec::new();
    for key in keys {
        match settings.iter().find(|setting| setting.key.value == key.name) {
            Some(setting) => match value(key.kind, setting) {
                Ok(value) => {
                    paths.extend(path_grant(key, &value));
                    object.insert(key.name.clone(), value);
                }
                Err(why) => {
                    let message = format!("the configuration key `{}` of {owner} {why}", key.name);
                    problems.push(Problem::at(&setting.value.place, message).help(expected(key)));
                }
            },
            None if key.required => {
                let message = format!("{owner} needs the configuration key `{}`", key.name);
                problems.push(Problem::at(place, message).help(expected(key)));
            }
            None => {
                if let Some(default) = &key.default {
                    object.insert(key.name.clone(), default.clone());
                }
            }
        }
    }
    let json = serde_json::Value::Object(object).to_string();
    (problems.len() == problems_before).then_some(Configuration { json, paths })
}

/// Whether what the plugin says about its keys makes sense.
fn check_keys(plugin: &Located<String>, keys: &[ConfigKey], problems: &mut Vec<Problem>) {
    let mut names = BTreeSet::new();
    for key in keys {
        let wrong = if key.name.is_empty() {
            "it has a configuration key without a name".to_string()
        } else if !names.insert(&key.name) {
            format!("it has two configuration keys `{}`", key.name)
        } else {
            match &key.default {
                // A default must never open a file: only the author of a topology may.
                Some(_) if matches!(key.kind, ConfigKind::PathRead | ConfigKind::PathWrite) => {
                    format!(
                        "its configuration key `{}` is a path with a default, and only a topology grants paths",
                        key.name
                    )
                }
                Some(serde_json::Value::Bool(true)) if key.kind == ConfigKind::Stdin => {
                    format!(
                        "its configuration key `{}` grants standard input by default, and only a topology may",
                        key.name
                    )
                }
                Some(default) if !fits(key.kind, default) => {
                    format!("the default of its configuration key `{}` is not {}", key.name, kind_name(key.kind))
                }
                _ => continue,
            }
        };
        problems.push(super::description::fault(plugin, &wrong));
    }
}

/// What a setting means for a key of that kind; else what is wrong with it.
fn value(kind: ConfigKind, setting: &Setting) -> Result<serde_json::Value, String> {
    let value = &setting.value.value;
    let is_text = matches!(kind, ConfigKind::Text | ConfigKind::PathRead | ConfigKind::PathWrite);
    let json = match (value, &setting.typed) {
        // A flag has no quotes: `--set x.label=5` means the text where a text is wanted.
        (value, Some(typed)) if is_text && !matches!(value, Value::Text(_)) => serde_json::Value::String(typed.clone()),
        (Value::Integer(integer), _) if kind == ConfigKind::Float => {
            Number::from_f64(*integer as f64).map_or(serde_json::Value::Null, serde_json::Value::Number)
        }
        (value, _) => value.to_json().ok_or("is not a finite number")?,
    };
    if !fits(kind, &json) {
        let found = match value {
            Value::List(items) if kind == ConfigKind::Texts => {
                let other = items.iter().find(|item| !matches!(item.value, Value::Text(_)));
                format!("has {} in it", other.map_or("something else", |item| item.value.type_name()))
            }
            _ => format!("is {}", value.type_name()),
        };
        return Err(format!("must be {}, and {found}", kind_name(kind)));
    }
    if is_text && kind != ConfigKind::Text && json.as_str() == Some("") {
        return Err("must be a path, and is empty".to_string());
    }
    Ok(json)
}

fn fits(kind: ConfigKind, value: &serde_json::Value) -> bool {
    match kind {
        ConfigKind::Boolean | ConfigKind::Stdin => value.is_boolean(),
        ConfigKind::Integer => value.is_i64(),
        ConfigKind::Float => value.is_number(),
        ConfigKind::Text | ConfigKind::PathRead | ConfigKind::PathWrite => value.is_string(),
        ConfigKind::Texts => value.as_array().is_some_and(|items| items.iter().all(serde_json::Value::is_string)),
        ConfigKind::Json => true,
    }
}

fn path_grant(key: &ConfigKey, value: &serde_json::Value) -> Option<PathGrant> {
    let (access, path) = match (key.kind, value) {
        (ConfigKind::PathRead, serde_json::Value::String(path)) => (PathAccess::Read, path.as_str()),
        (ConfigKind::PathWrite, serde_json::Value::String(path)) => (PathAccess::Write, path.as_str()),
        (ConfigKind::Stdin, serde_json::Value::Bool(true)) => (PathAccess::Stdin, "-"),
        _ => return None,
    };
    Some(PathGrant { key: key.name.clone(), access, path: path.into() })
}

fn kind_name(kind: ConfigKind) -> &'static str {
    match kind {
        ConfigKind::Boolean | ConfigKind::Stdin => "a boolean",
        ConfigKind::Integer => "an integer",
        ConfigKind::Float => "a number",
        ConfigKind::Text => "a text",
        ConfigKind::Texts => "a list of texts",
        ConfigKind::PathRead | ConfigKind::PathWrite => "a path",
        ConfigKind::Json => "any value",
    }
}

/// What to write for a key, with what the plugin says about it.
fn expected(key: &ConfigKey) -> String {
    let example = match key.kind {
        ConfigKind::Boolean | ConfigKind::Stdin => "true",
        ConfigKind::Integer => "1",
        ConfigKind::Float => "0.5",
        ConfigKind::Text => "\"…\"",
        ConfigKind::Texts => "[\"…\"]",
        ConfigKind::PathRead | ConfigKind::PathWrite => "\"PATH\"",
        ConfigKind::Json => "…",
    };
    let about = if key.help.is_empty() { String::new() } else { format!(" ({})", key.help.trim_end_matches('.')) };
    format!("write `config = {{ {} = {example} }}`{about}", key.name)
}
