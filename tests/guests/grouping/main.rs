//! A grouping that chooses by its configuration: `row`, `too-few`, `too-far`, `panic`.

use exports::petrel::plugin::{grouping, plugin};
use petrel::plugin::configuration;

wit_bindgen::generate!({ path: "../../wit", world: "grouping-plugin", generate_all });

struct Guest;

export!(Guest);

impl plugin::Guest for Guest {
    fn config_keys() -> Vec<plugin::ConfigKey> {
        Vec::new()
    }

    fn describe(_: String, _: Vec<plugin::Input>) -> Result<plugin::Description, plugin::ConfigError> {
        Err(plugin::ConfigError { key: "x".into(), message: "this grouping is for tests".into() })
    }
}

impl grouping::Guest for Guest {
    fn open(context: grouping::Context) -> Result<(), String> {
        if context.configuration == "refuse" { Err("not so".into()) } else { Ok(()) }
    }

    fn choose(frame: Vec<u8>, tasks: u32) -> Result<Vec<u32>, String> {
        let rows = u32::from_le_bytes(frame[8..12].try_into().expect("a frame"));
        Ok(match configuration::current().as_str() {
            "row" => (0..rows).map(|row| row % tasks).collect(),
            "too-few" => vec![0],
            "too-far" => vec![tasks; rows as usize],
            other => panic!("no such configuration: {other}"),
        })
    }
}
