//! A spout that does what its configuration says in every `next`.

use exports::petrel::plugin::{plugin, spout};
use petrel::plugin::{configuration, files, source_output};
use petrel_test_guests::script::{Known, Reader, of_configuration};

wit_bindgen::generate!({ path: "../../wit", world: "spout-plugin", generate_all });

struct Guest;

export!(Guest);

impl plugin::Guest for Guest {
    fn config_keys() -> Vec<plugin::ConfigKey> {
        Vec::new()
    }

    fn describe(_: String, _: Vec<plugin::Input>) -> Result<plugin::Description, plugin::ConfigError> {
        Err(plugin::ConfigError { key: "x".into(), message: "this spout is for tests".into() })
    }
}

impl spout::Guest for Guest {
    fn open(_: spout::Context, _: Option<Vec<u8>>) -> Result<(), String> {
        Ok(())
    }

    fn next(_: u32, _: u32) -> Result<spout::Status, String> {
        let script = of_configuration(&configuration::current());
        let (mut reader, mut known) = (Reader::new(&script), Known::default());
        while !reader.is_at_end() {
            match reader.byte() % 8 {
                0..=2 => {
                    let output = reader.number() as u32;
                    source_output::emit(output, &reader.bytes(&known), &reader.numbers(), &reader.bytes(&known));
                }
                3 => {
                    let (output, task) = (reader.number() as u32, reader.number() as u32);
                    let frame = reader.bytes(&known);
                    source_output::emit_direct(output, task, &frame, &reader.numbers(), &reader.bytes(&known));
                }
                4 => known.answer = files::read("in", 0, reader.number(), reader.number() as u32).unwrap_or_default(),
                5 => return Ok(spout::Status::Idle(reader.number() as i64)),
                6 => return Ok(spout::Status::End),
                _ => return Err(reader.text(&known)),
            }
        }
        Ok(spout::Status::More)
    }

    fn ack(_: Vec<u64>) {}

    fn fail(_: Vec<u64>) {}

    fn activate() {}

    fn deactivate() {}
}
