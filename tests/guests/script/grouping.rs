//! A grouping that chooses what its configuration says.

use exports::petrel::plugin::{grouping, plugin};
use petrel::plugin::configuration;
use petrel_test_guests::script::{Known, Reader, of_configuration};

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
    fn open(_: grouping::Context) -> Result<(), String> {
        Ok(())
    }

    fn choose(_: Vec<u8>, _: u32) -> Result<Vec<u32>, String> {
        let script = of_configuration(&configuration::current());
        let mut reader = Reader::new(&script);
        if reader.byte() == 1 { Err(reader.text(&Known::default())) } else { Ok(reader.words()) }
    }
}
