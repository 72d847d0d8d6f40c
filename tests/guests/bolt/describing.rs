//! What it says about itself: by the configuration, sense and nonsense.

use crate::exports::petrel::plugin::plugin::{ConfigError, ConfigKey, Description, Input};
use crate::petrel::plugin::types::{ConfigKind, Field, InputNeeds, OutputStream, Scalar, Table, TableKind};
use petrel_test_guests::Command;

pub fn config_keys() -> Vec<ConfigKey> {
    let key = |name: &str, default: Option<&str>| ConfigKey {
        name: name.into(),
        kind: ConfigKind::Integer,
        required: default.is_none(),
        default: default.map(String::from),
        help: format!("the {name}"),
    };
    vec![key("first", None), key("second", Some("2"))]
}

pub fn describe(command: &Command, inputs: Vec<Input>) -> Result<Description, ConfigError> {
    match command.verb() {
        "refuse" => return Err(ConfigError { key: "first".into(), message: "too small".into() }),
        "net" => {
            let outcome = std::net::TcpStream::connect("127.0.0.1:9").map(|_| ());
            return Err(ConfigError { key: "first".into(), message: format!("{outcome:?}") });
        }
        verb => {
            crate::failing::run(verb);
        }
    }
    let names = if command.verb() == "twice" { &["default", "default"][..] } else { &["default"] };
    let needs = |input: Input| InputNeeds { stream: input.stream, fields: input.schema };
    Ok(Description {
        inputs: inputs.into_iter().map(needs).collect(),
        outputs: names.iter().map(|name| output(name, command.verb() == "wide")).collect(),
        tables: vec![Table {
            name: "seen".into(),
            kind: if command.verb() == "bad-map" { TableKind::Map } else { TableKind::Value },
            subkey: Vec::new(),
            value: field("count", Scalar::Int64),
            version: 3,
        }],
        state_key: vec!["word".into()],
        capabilities: vec!["net".into()],
        attributes: vec![("unknown".into(), "ignored".into())],
    })
}

fn output(name: &str, wide: bool) -> OutputStream {
    let columns = if wide { 2000 } else { 1 };
    OutputStream {
        name: name.into(),
        schema: (0..columns).map(|i| field(&format!("word{i}"), Scalar::Text)).collect(),
        direct: false,
        event_time: None,
    }
}

fn field(name: &str, scalar: Scalar) -> Field {
    Field { name: name.into(), scalar, is_list: false, optional: false }
}
