//! A spout that means harm, in each call of `next`.

use petrel_sdk::batch::{BatchSpout, Next, SourceOutputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, OutputStream, Scalar, Schema, frame,
    serde_json,
};
use petrel_system_guests::spin;

struct HostileSpout {
    how: String,
}

impl BatchSpout for HostileSpout {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::optional("how", ConfigKind::Text, "what it does")]
    }

    fn describe(_: &serde_json::Value) -> Result<Description, ConfigError> {
        Ok(Description { outputs: vec![OutputStream::default_stream(schema())], ..Description::default() })
    }

    fn open(context: &Context, _: Option<&[u8]>) -> Result<Self, Error> {
        Ok(HostileSpout { how: context.configuration["how"].as_str().unwrap_or_default().to_owned() })
    }

    fn next(&mut self, _: usize, _: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        match self.how.as_str() {
            "trap" => panic!("out of spite"),
            "loop" => spin(),
            "emit" => {
                let mut builder = frame::FrameBuilder::new(&schema());
                (0..10_000).for_each(|number| builder.column(0).push_i64(number));
                let frame = builder.finish()?.to_vec();
                loop {
                    out.emit_frame(0, &frame, &[], &[])?;
                }
            }
            // Always ready, and never anything to give.
            "nothing" => Ok(Next::More),
            other => panic!("unknown harm: {other:?}"),
        }
    }

    fn position(&self) -> Vec<u8> {
        Vec::new()
    }
}

fn schema() -> Schema {
    Schema { fields: vec![Field::new("number", Scalar::I64)] }
}

petrel_sdk::export_batch_spout!(HostileSpout);
