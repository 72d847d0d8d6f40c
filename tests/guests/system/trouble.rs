//! A bolt that passes numbers with an answer, and does what it is told to when it meets a certain number.

use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::host::{configuration, metrics};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Scalar, Schema, serde_json,
};
use petrel_system_guests::{numbers, spin};
use std::hint::black_box;
use std::io::Read;
use std::time::Duration;

struct Trouble {
    how: String,
    with: String,
    /// Trouble is with this number,
    at: Option<i64>,
    /// and with all from this one on.
    from: Option<i64>,
    sleep: Duration,
}

impl BatchBolt for Trouble {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("describe", ConfigKind::Text, "what goes wrong before anything starts"),
            ConfigKey::optional("how", ConfigKind::Text, "what goes wrong"),
            ConfigKey::optional("with", ConfigKind::Text, "with what"),
            ConfigKey::optional("at", ConfigKind::Integer, "the number that it goes wrong with"),
            ConfigKey::optional("from", ConfigKind::Integer, "the number from which on it goes wrong"),
            ConfigKey::optional("sleep_ms", ConfigKind::Integer, "how long each batch takes"),
        ]
    }

    fn describe(configuration: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        let mut name = "default";
        match configuration["describe"].as_str() {
            None => {}
            Some("panic") => panic!("no description today"),
            Some("loop") => spin(),
            Some("nonsense") => name = "No Name",
            Some("refuse") => return Err(ConfigError::new("how", "not like this")),
            Some(other) => panic!("unknown trouble: {other}"),
        }
        let number = Field::new("number", Scalar::I64);
        let outputs = vec![OutputStream {
            name: name.into(),
            ..OutputStream::default_stream(Schema { fields: vec![number.clone(), Field::new("answer", Scalar::String)] })
        }];
        Ok(Description { inputs: vec![Schema { fields: vec![number] }], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let text = |key: &str| context.configuration[key].as_str().unwrap_or_default().to_owned();
        if text("how") == "open" {
            return Err(Error::new("the door is stuck"));
        }
        Ok(Trouble {
            how: text("how"),
            with: text("with"),
            at: context.configuration["at"].as_i64(),
            from: context.configuration["from"].as_i64(),
            sleep: Duration::from_millis(context.configuration["sleep_ms"].as_u64().unwrap_or(0)),
        })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        if !self.sleep.is_zero() {
            std::thread::sleep(self.sleep);
        }
        for (row, number) in numbers(frame)?.iter().enumerate() {
            let is_trouble = self.at == Some(*number) || self.from.is_some_and(|from| from <= *number);
            let answer = if is_trouble { self.make(row, out)? } else { String::new() };
            let builder = out.stream(0).builder();
            builder.column(0).push_i64(*number);
            builder.column(1).push_str(&answer);
            builder.end_row();
            out.stream(0).anchor(row);
        }
        Ok(())
    }
}

impl Trouble {
    fn make(&self, row: usize, out: &mut Outputs) -> Result<String, Error> {
        Ok(match self.how.as_str() {
            "panic" => {
                stumble(black_box(7));
                String::new()
            }
            "error" => return Err(Error::new("I do not like this number")),
            "lack" => match std::fs::metadata(&self.with) {
                Ok(_) => String::new(),
                Err(_) => return Err(Error::new(format!("there is no {}", self.with))),
            },
            "loop" => spin(),
            "memory" => {
                let mut kept = Vec::new();
                loop {
                    kept.push(black_box(vec![1u8; 1 << 20]));
                }
            }
            "flood" => loop {
                out.stream(0).builder().column(0).push_i64(0);
                out.stream(0).builder().column(1).push_str(&self.with);
                out.stream(0).builder().end_row();
                out.stream(0).anchor(row);
            },
            "malformed" => {
                out.emit_frame(0, b"this is no frame, whichever way it is looked at", Anchors::All);
                String::new()
            }
            "reject" => {
                out.reject(row, "it is odd");
                String::new()
            }
            "retry" => {
                out.retry(row, Duration::from_millis(1), "perhaps later");
                String::new()
            }
            "env" => format!("{:?}", std::env::var(&self.with)),
            "secret" => match configuration::secret(&self.with) {
                Ok(secret) => String::from_utf8_lossy(&secret).into_owned(),
                Err(error) => format!("no secret: {error}"),
            },
            "net" => match connect(&self.with) {
                Ok(greeting) => greeting,
                Err(error) => format!("no connection: {error}"),
            },
            "file" => format!("{:?}", std::fs::read_to_string(&self.with)),
            "measure" => {
                metrics::add("met", 1);
                metrics::set(&self.with, 0.5);
                String::new()
            }
            "say" => {
                println!("{}", self.with);
                String::new()
            }
            other => panic!("unknown trouble: {other:?}"),
        })
    }
}

fn connect(address: &str) -> std::io::Result<String> {
    let mut greeting = String::new();
    std::net::TcpStream::connect(address)?.read_to_string(&mut greeting)?;
    Ok(greeting)
}

#[inline(never)]
fn stumble(index: usize) {
    let steps = black_box(vec![1, 2, 3]);
    black_box(steps[index]);
}

petrel_sdk::export_batch_bolt!(Trouble);
