//! `bench-null`: takes all fields of its inputs and does nothing. For `petrel bench`: the price of a call.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::{ConfigError, Context, Description, Error, FrameView, InputStream, serde_json};

/// The bolt.
#[derive(Debug)]
pub struct Null;

impl BatchBolt for Null {
    fn describe(_: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let inputs = inputs.iter().map(|input| input.schema.clone()).collect();
        Ok(Description { inputs, ..Description::default() })
    }

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Null)
    }

    fn process(&mut self, _: usize, _: &FrameView<'_>, _: &mut BatchState<'_>, _: &mut Outputs) -> Result<(), Error> {
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Null);
