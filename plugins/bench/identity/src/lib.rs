//! `bench-identity`: emits each tuple again, built anew. For `petrel bench`: the price of a hop through a bolt.

use columns::append;
use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::FrameBuilder;
use petrel_sdk::{ConfigError, Context, Description, Error, FrameView, InputStream, OutputStream, serde_json};

/// The bolt.
#[derive(Debug)]
pub struct Identity {
    frame: FrameBuilder,
    anchors: Vec<u32>,
}

impl BatchBolt for Identity {
    fn describe(_: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let schema = &inputs::single(inputs, "bench-identity")?.schema;
        let outputs = vec![OutputStream::default_stream(schema.clone())];
        Ok(Description { inputs: vec![schema.clone()], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let schema = &inputs::single(&context.inputs, "bench-identity")?.schema;
        Ok(Identity { frame: FrameBuilder::new(schema), anchors: Vec::new() })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        self.frame.clear();
        self.frame.end_rows(frame.rows());
        for column in 0..frame.columns() {
            append(&frame.column(column), 0..frame.rows(), self.frame.column(column))?;
        }
        if out.tracking() {
            self.anchors.clear();
            self.anchors.extend(0..frame.rows() as u32);
        }
        out.emit_frame(0, self.frame.finish()?, Anchors::PerRow(&self.anchors));
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Identity);
