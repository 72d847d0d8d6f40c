//! A bolt that does what the bytes it gets as state say, and describes itself as its configuration says.

use exports::petrel::plugin::{bolt, plugin};
use petrel::plugin::types::{Field, InputNeeds, OutputStream, Scalar, Table, TableKind};
use petrel::plugin::{bolt_output, configuration, files, log, metrics, state, timers};
use petrel_test_guests::script::{Known, Reader, of_configuration};
use std::hint::black_box;

wit_bindgen::generate!({ path: "../../wit", world: "bolt-plugin", generate_all });

/// The same imports with parameters of no type, for values that no SDK would pass.
mod raw {
    #[link(wasm_import_module = "petrel:plugin/log@0.1.0")]
    unsafe extern "C" {
        #[link_name = "write"]
        pub fn log(level: u32, message: usize, length: usize);
    }

    #[link(wasm_import_module = "petrel:plugin/timers@0.1.0")]
    unsafe extern "C" {
        #[link_name = "set"]
        pub fn timers(table: u32, clock: u32, keys: usize, keys_length: usize, times: usize, times_length: usize);
    }

    #[link(wasm_import_module = "petrel:plugin/bolt-output@0.1.0")]
    unsafe extern "C" {
        #[link_name = "emit"]
        pub fn emit(output: u32, frame: usize, frame_length: usize, anchors: usize, anchors_length: usize);
    }
}

/// How often a script may go back to its start.
const MAX_ROUNDS: u64 = 2000;

struct Guest;

export!(Guest);

impl bolt::Guest for Guest {
    fn open(_: bolt::Context) -> Result<(), String> {
        Ok(())
    }

    fn process(_: u32, frame: Vec<u8>, state: Vec<u8>) -> Result<(), String> {
        run(frame, &state)
    }

    fn on_timer(_: u32, keys: Vec<u8>, _: Vec<i64>, state: Vec<u8>) -> Result<(), String> {
        run(keys, &state)
    }

    fn on_tick(_: i64, state: Vec<u8>) -> Result<(), String> {
        run(Vec::new(), &state)
    }

    fn on_end(_: u32, state: Vec<u8>) -> Result<(), String> {
        run(Vec::new(), &state)
    }
}

/// What a script has made so far.
#[derive(Default)]
struct Run {
    known: Known,
    rounds: u64,
    handle: u64,
    file: u32,
    kept: Vec<Vec<u8>>,
}

fn run(given: Vec<u8>, script: &[u8]) -> Result<(), String> {
    let mut run = Run { known: Known { given, answer: Vec::new() }, ..Run::default() };
    let mut reader = Reader::new(script);
    while !reader.is_at_end() {
        match reader.byte() % 32 {
            // As often as it says, from the start.
            31 => {
                let rounds = reader.number().min(MAX_ROUNDS);
                if run.rounds < rounds {
                    run.rounds += 1;
                    reader = Reader::new(script);
                }
            }
            30 => return Err(reader.text(&run.known)),
            operation => run.step(operation, &mut reader),
        }
    }
    Ok(())
}

impl Run {
    fn step(&mut self, operation: u8, reader: &mut Reader) {
        match operation {
            0 => bolt_output::emit(reader.number() as u32, &reader.bytes(&self.known), &reader.words()),
            1 => {
                let (output, task) = (reader.number() as u32, reader.number() as u32);
                bolt_output::emit_direct(output, task, &reader.bytes(&self.known), &reader.words());
            }
            2 => bolt_output::reject(reader.number() as u32, &reader.text(&self.known)),
            3 => bolt_output::retry(reader.number() as u32, reader.number(), &reader.text(&self.known)),
            4 => self.handle = bolt_output::hold(&reader.words()),
            5 => bolt_output::ack(&self.handles(reader)),
            6 => bolt_output::fail(&self.handles(reader)),
            7 => bolt_output::reset_timeout(&self.handles(reader)),
            8 => state::put(reader.number() as u32, &reader.bytes(&self.known)),
            9 => self.known.answer = state::get(reader.number() as u32, &reader.bytes(&self.known)),
            10 => {
                let table = reader.number() as u32;
                state::set(table, &reader.bytes(&self.known), &reader.bytes(&self.known));
            }
            11 => {
                let table = reader.number() as u32;
                state::append(table, &reader.bytes(&self.known), &reader.bytes(&self.known));
            }
            12 => {
                let (table, from) = (reader.number() as u32, reader.number());
                self.known.answer = state::scan(table, from, reader.number() as u32).1;
            }
            13 => self.known.answer = state::entries(reader.number() as u32, &reader.bytes(&self.known)),
            14 => timers::set(reader.number() as u32, clock(reader), &reader.bytes(&self.known), &times(reader)),
            15 => timers::set_passed(reader.number() as u32, clock(reader), &reader.words(), &times(reader)),
            16 => timers::cancel(reader.number() as u32, clock(reader), &reader.bytes(&self.known), &times(reader)),
            17 => log::write(log::Level::Info, &reader.text(&self.known)),
            18 => metrics::add(&reader.text(&self.known), reader.number() as i64),
            19 => metrics::set(&reader.text(&self.known), f64::from_bits(reader.number())),
            20 => self.known.answer = configuration::secret(&reader.text(&self.known)).unwrap_or_default(),
            21 => match reader.byte() % 3 {
                0 => drop(files::list_files(&reader.text(&self.known))),
                1 => drop(files::list_written(&reader.text(&self.known))),
                _ => drop(files::remove(&reader.text(&self.known), &reader.text(&self.known))),
            },
            22 => {
                let (waits, key, file) = (reader.byte() % 2 == 0, reader.text(&self.known), reader.number() as u32);
                let (offset, max) = (reader.number(), reader.number() as u32);
                self.known.answer = match waits {
                    true => files::read(&key, file, offset, max).unwrap_or_default(),
                    false => files::read_ready(&key, file, offset, max).unwrap_or_default().unwrap_or_default(),
                };
            }
            23 => {
                let (how, key, name) = (reader.byte() % 3, reader.text(&self.known), reader.text(&self.known));
                let opened = match how {
                    0 => files::create(&key, &name),
                    how => files::open(&key, &name, how == 1).map(|(file, _)| file),
                };
                self.file = opened.unwrap_or(self.file);
            }
            24 => drop(files::append(self.file.wrapping_add(reader.byte().into()), &reader.bytes(&self.known))),
            25 => drop(files::print(&reader.bytes(&self.known))),
            26 => println!("{}", String::from_utf8_lossy(&reader.bytes(&self.known))),
            27 => self.kept.push(black_box(reader.bytes(&self.known))),
            28 => panic!("{}", String::from_utf8_lossy(&reader.bytes(&self.known))),
            _ => self.wild(reader),
        }
    }

    /// Calls with pointers, lengths and enumerations that are any number.
    fn wild(&mut self, reader: &mut Reader) {
        let mut number = || reader.number() as usize;
        // SAFETY: the host reads this memory, or finds that it is none; nothing is written.
        unsafe {
            match number() % 4 {
                0 => raw::log(number() as u32, number(), number()),
                1 => raw::timers(number() as u32, number() as u32, number(), number(), number(), number()),
                3 => bolt_output::at_row(number() as u32),
                _ => raw::emit(number() as u32, number(), number(), number(), number()),
            }
        }
    }

    /// The last handle of held rows, and any others.
    fn handles(&self, reader: &mut Reader) -> Vec<u64> {
        let mut handles = reader.numbers();
        handles.push(self.handle);
        handles
    }
}

fn clock(reader: &mut Reader) -> timers::Clock {
    if reader.byte() % 2 == 0 { timers::Clock::Processing } else { timers::Clock::Event }
}

fn times(reader: &mut Reader) -> Vec<i64> {
    reader.numbers().into_iter().map(|time| time as i64).collect()
}

impl plugin::Guest for Guest {
    fn config_keys() -> Vec<plugin::ConfigKey> {
        Vec::new()
    }

    fn describe(configuration: String, inputs: Vec<plugin::Input>) -> Result<plugin::Description, plugin::ConfigError> {
        let script = of_configuration(&configuration);
        let (mut reader, known) = (Reader::new(&script), Known::default());
        let reader = &mut reader;
        if reader.byte() == 1 {
            return Err(plugin::ConfigError { key: reader.text(&known), message: reader.text(&known) });
        }
        // What it is asked about, unless the script has it otherwise.
        let mut needs: Vec<InputNeeds> = Vec::new();
        for input in inputs {
            let stream = if reader.byte() == 1 { reader.text(&known) } else { input.stream };
            let fields = if reader.byte() == 1 { schema(reader, &known) } else { input.schema };
            needs.push(InputNeeds { stream, fields });
        }
        needs.truncate(if reader.byte() == 1 { 0 } else { needs.len() });
        Ok(plugin::Description {
            inputs: needs,
            outputs: many(reader, |reader| OutputStream {
                name: reader.text(&known),
                schema: schema(reader, &known),
                direct: reader.byte() == 1,
                event_time: (reader.byte() == 1).then(|| reader.text(&known)),
            }),
            tables: many(reader, |reader| Table {
                name: reader.text(&known),
                kind: [TableKind::Value, TableKind::LazyValue, TableKind::List, TableKind::Map][reader.byte() as usize % 4],
                subkey: schema(reader, &known),
                value: field(reader, &known),
                version: reader.number() as u32,
            }),
            state_key: many(reader, |reader| reader.text(&known)),
            capabilities: many(reader, |reader| reader.text(&known)),
            attributes: many(reader, |reader| (reader.text(&known), reader.text(&known))),
        })
    }
}

fn many<T>(reader: &mut Reader, mut one: impl FnMut(&mut Reader) -> T) -> Vec<T> {
    let count = reader.number().min(3000);
    (0..count).map(|_| one(reader)).collect()
}

fn schema(reader: &mut Reader, known: &Known) -> Vec<Field> {
    many(reader, |reader| field(reader, known))
}

fn field(reader: &mut Reader, known: &Known) -> Field {
    use Scalar::{Boolean, Bytes, Float64, Int64, Text, Timestamp};
    let kind = reader.byte();
    Field {
        name: reader.text(known),
        scalar: [Boolean, Int64, Float64, Text, Bytes, Timestamp][kind as usize % 6],
        is_list: kind & 0x40 != 0,
        optional: kind & 0x80 != 0,
    }
}
