//! What a plugin cannot do without against what the topology grants.

use crate::assignment::Grants;
use crate::problem::Problem;
use crate::topology::{ComponentSpec, Place, written_grants};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Reports, in one problem, the capabilities that are not granted.
pub(crate) fn check(spec: &ComponentSpec, capabilities: &[String], problems: &mut Vec<Problem>) {
    let mut missing: Vec<String> = Vec::new();
    let mut wanted = Grants { paths: Vec::new(), ..spec.grants.value.clone() };
    for capability in capabilities {
        match add(capability, &mut wanted) {
            Some(true) => {}
            Some(false) => missing.push(words(capability)),
            None => problems.push(
                Problem::at(
                    &spec.plugin.place,
                    format!(
                        "the plugin `{}` cannot do without `{capability}`, which this version of petrel does not know",
                        *spec.plugin
                    ),
                )
                .help("use a newer petrel, or an older version of the plugin"),
            ),
        }
    }
    if missing.is_empty() {
        return;
    }
    let place = if spec.grants.place == Place::Nowhere { &spec.plugin.place } else { &spec.grants.place };
    let message = format!(
        "component `{}` is not granted what its plugin `{}` cannot do without: {}",
        *spec.name,
        *spec.plugin,
        missing.join(", ")
    );
    let verb = if spec.grants.place == Place::Nowhere { "add to" } else { "change in" };
    problems.push(Problem::at(place, message).help(format!(
        "if you trust the plugin with it, {verb} [component.{}]: {}",
        *spec.name,
        written_grants(&wanted)
    )));
}

/// Whether a capability is granted; if not, adds what would. None if there is no such capability.
fn add(capability: &str, grants: &mut Grants) -> Option<bool> {
    let name_in = |names: &mut Vec<String>, name: &str| {
        let granted = names.iter().any(|granted| granted == name);
        if !granted {
            names.push(name.to_string());
        }
        granted
    };
    match capability.split_once(':') {
        None if capability == "net" => {
            let net = grants.net.get_or_insert_default();
            let granted = !net.is_empty();
            if !granted {
                net.push("HOST:PORT".to_string());
            }
            Some(granted)
        }
        None if capability == "dirs" => {
            let granted = !grants.dirs.is_empty();
            if !granted {
                grants.dirs.push("PATH".to_string());
            }
            Some(granted)
        }
        Some(("env", name)) if !name.is_empty() => Some(name_in(&mut grants.env, name)),
        Some(("secret", name)) if !name.is_empty() => Some(name_in(&mut grants.secrets, name)),
        _ => None,
    }
}

fn words(capability: &str) -> String {
    match capability.split_once(':') {
        None if capability == "net" => "the network".to_string(),
        None => "a folder".to_string(),
        Some(("env", name)) => format!("the environment variable `{name}`"),
        Some((_, name)) => format!("the secret `{name}`"),
    }
}
