//! The bolt `trouble` when somebody has mended it: it takes the same configuration and passes every number.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Scalar, Schema, serde_json,
};
use petrel_system_guests::numbers;

struct Mended;

impl BatchBolt for Mended {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::optional("how", ConfigKind::Text, "what went wrong"),
            ConfigKey::optional("at", ConfigKind::Integer, "the number that it went wrong with"),
        ]
    }

    fn describe(_: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        let number = Field::new("number", Scalar::I64);
        let outputs =
            vec![OutputStream::default_stream(Schema { fields: vec![number.clone(), Field::new("answer", Scalar::String)] })];
        Ok(Description { inputs: vec![Schema { fields: vec![number] }], outputs, ..Description::default() })
    }

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Mended)
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        for (row, number) in numbers(frame)?.iter().enumerate() {
            let builder = out.stream(0).builder();
            builder.column(0).push_i64(*number);
            builder.column(1).push_str("mended");
            builder.end_row();
            out.stream(0).anchor(row);
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Mended);
