//! `grants = { … }`: what a component may touch.

use super::place::{Located, Place};
use super::table::Table;
use crate::assignment::Grants;
use crate::problem::Problem;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Reads the grants of a component; nothing is granted where there are none.
pub(crate) fn read(table: &mut Table<'_>, component: &str) -> Located<Grants> {
    let Some(entries) = table.table("grants") else { return Located::default() };
    let place = entries.place.clone();
    let owner = format!("`grants` of component `{component}`");
    let mut table = Table::new(owner, entries.place, entries.value, table.problems());
    let net = table.texts("net").map(|net| checked(&mut table, net.value, check_address));
    let dirs = table.texts("dirs").map_or(Vec::new(), |dirs| checked(&mut table, dirs.value, check_dir));
    let env = table.texts("env").map_or(Vec::new(), |env| checked(&mut table, env.value, check_variable));
    let secrets = table.texts("secrets").map_or(Vec::new(), |names| checked(&mut table, names.value, check_secret));
    table.finish();
    Located::new(Grants { net, dirs, env, secrets, paths: Vec::new() }, place)
}

/// The same grants as they would be written, for messages that say what to add.
pub(crate) fn written(grants: &Grants) -> String {
    let mut parts = Vec::new();
    let lists = [("net", grants.net.as_deref().unwrap_or_default()), ("dirs", &grants.dirs), ("env", &grants.env)];
    for (key, values) in lists.into_iter().chain([("secrets", grants.secrets.as_slice())]) {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(|value| super::record::quoted(value)).collect();
            parts.push(format!("{key} = [{}]", values.join(", ")));
        }
    }
    format!("grants = {{ {} }}", parts.join(", "))
}

fn checked(
    table: &mut Table<'_>,
    values: Vec<Located<String>>,
    check: fn(&str, &Place) -> Option<Problem>,
) -> Vec<String> {
    for value in &values {
        if let Some(problem) = check(value, &value.place) {
            table.problem(problem);
        }
    }
    values.into_iter().map(|value| value.value).collect()
}

fn check_address(address: &str, place: &Place) -> Option<Problem> {
    let wrong = |why: &str| {
        Problem::at(place, format!("`{address}` grants no address: {why}"))
            .help("write \"HOST:PORT\", as in \"redis:6379\"; `*` stands for any host or any port")
    };
    if address.contains("://") {
        return Some(wrong("it is a URL"));
    }
    match address.rsplit_once(':') {
        None => Some(wrong("the port is missing")),
        Some(("", _)) => Some(wrong("the host is missing")),
        Some((_, "*")) => None,
        Some((_, port)) => match port.parse::<u16>() {
            Ok(port) if port > 0 => None,
            _ => Some(wrong("the port is neither `*` nor a number from 1 to 65535")),
        },
    }
}

fn check_dir(dir: &str, place: &Place) -> Option<Problem> {
    let path = dir.strip_suffix(":rw").unwrap_or(dir);
    path.is_empty().then(|| {
        Problem::at(place, format!("`{dir}` grants no folder: the path is empty"))
            .help("write \"PATH\" for reading, or \"PATH:rw\" for reading and writing")
    })
}

fn check_variable(name: &str, place: &Place) -> Option<Problem> {
    (name.is_empty() || name.contains(['=', '\0'])).then(|| {
        Problem::at(place, format!("`{}` is not the name of an environment variable", name.escape_debug()))
            .help("write the name alone: the value is taken from the worker's environment")
    })
}

fn check_secret(name: &str, place: &Place) -> Option<Problem> {
    name.is_empty().then(|| Problem::at(place, "a secret needs a name").help("write the name under which it is kept"))
}
