//! A bolt that does what its configuration says, in every call.

mod clocks;
mod describing;
mod emitting;
mod failing;
mod granted;
mod keeping;
mod limits;

use exports::petrel::plugin::{bolt, plugin};
use petrel::plugin::configuration;
use petrel_test_guests::Command;

wit_bindgen::generate!({ path: "../../wit", world: "bolt-plugin", generate_all });

struct Guest;

export!(Guest);

impl plugin::Guest for Guest {
    fn config_keys() -> Vec<plugin::ConfigKey> {
        describing::config_keys()
    }

    fn describe(configuration: String, inputs: Vec<plugin::Input>) -> Result<plugin::Description, plugin::ConfigError> {
        describing::describe(&Command::new(&configuration), inputs)
    }
}

impl bolt::Guest for Guest {
    fn open(context: bolt::Context) -> Result<(), String> {
        if Command::new(&context.configuration).verb() == "context" {
            return Err(format!("{context:?}"));
        }
        Ok(())
    }

    fn process(input: u32, frame: Vec<u8>, state: Vec<u8>) -> Result<(), String> {
        // What a call costs is measured with this input: nothing is asked of the host.
        if input == u32::MAX {
            return Ok(());
        }
        run(&Call { input, frame, state })
    }

    fn on_timer(_table: u32, keys: Vec<u8>, _times: Vec<i64>, state: Vec<u8>) -> Result<(), String> {
        run(&Call { input: 0, frame: keys, state })
    }

    fn on_tick(_now: i64, state: Vec<u8>) -> Result<(), String> {
        run(&Call { input: 0, frame: Vec::new(), state })
    }

    fn on_end(input: u32, state: Vec<u8>) -> Result<(), String> {
        run(&Call { input, frame: Vec::new(), state })
    }
}

/// What a call brought.
struct Call {
    input: u32,
    frame: Vec<u8>,
    /// Tests put any bytes here that are to go somewhere.
    state: Vec<u8>,
}

/// What the guest wants to tell the test comes as the error of the call.
fn run(call: &Call) -> Result<(), String> {
    let configuration = configuration::current();
    let command = Command::new(&configuration);
    match command.verb() {
        "nothing" => Ok(()),
        "count" => Err(format!("input {} frame {} state {}", call.input, call.frame.len(), call.state.len())),
        verb => failing::run(verb)
            .or_else(|| clocks::run(verb))
            .or_else(|| emitting::run(&command, call))
            .or_else(|| keeping::run(&command, call))
            .or_else(|| limits::run(&command, call))
            .or_else(|| granted::run(&command))
            .unwrap_or_else(|| panic!("no such verb: {verb}")),
    }
}
