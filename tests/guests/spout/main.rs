//! A spout that does what its configuration says, in every call.

use exports::petrel::plugin::{plugin, spout};
use petrel::plugin::{configuration, files, log, source_output};
use petrel_test_guests::Command;

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

/// A frame without columns: 48 bytes that say how many rows.
fn empty_frame(rows: u32) -> Vec<u8> {
    let mut frame = b"PTF1".to_vec();
    frame.extend(1u16.to_le_bytes());
    frame.extend(0u16.to_le_bytes());
    frame.extend(rows.to_le_bytes());
    frame.extend(0u32.to_le_bytes());
    frame.extend(i64::MAX.to_le_bytes());
    frame.extend(i64::MIN.to_le_bytes());
    frame.extend(i64::MIN.to_le_bytes());
    frame.extend(48u32.to_le_bytes());
    frame.extend(0u32.to_le_bytes());
    frame
}

impl spout::Guest for Guest {
    fn open(_context: spout::Context, position: Option<Vec<u8>>) -> Result<(), String> {
        say(&format!("open {position:?}"));
        Ok(())
    }

    fn next(max_rows: u32, max_bytes: u32) -> Result<spout::Status, String> {
        let configuration = configuration::current();
        let command = Command::new(&configuration);
        match command.verb() {
            "more" => Ok(spout::Status::More),
            "idle" => Ok(spout::Status::Idle(i64::from(max_rows) + i64::from(max_bytes))),
            "end" => Ok(spout::Status::End),
            // emit ROWS IDS...
            "emit" => {
                let ids: Vec<u64> = command.numbers(1).into_iter().map(u64::from).collect();
                source_output::emit(0, &empty_frame(command.number(0) as u32), &ids, b"here");
                Ok(spout::Status::More)
            }
            "read" => match files::read(command.text(0), 0, command.number(1), 100) {
                Ok(bytes) => Err(String::from_utf8_lossy(&bytes).into_owned()),
                Err(message) => Err(message),
            },
            verb => Err(format!("no such verb: {verb}")),
        }
    }

    fn ack(ids: Vec<u64>) {
        say(&format!("ack {ids:?}"));
    }

    fn fail(ids: Vec<u64>) {
        say(&format!("fail {ids:?}"));
    }

    fn activate() {
        say("activate");
    }

    fn deactivate() {
        say("deactivate");
    }
}

fn say(message: &str) {
    log::write(log::Level::Info, message);
}
