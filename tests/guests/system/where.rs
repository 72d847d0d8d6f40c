//! A bolt that says where a tuple went: it puts `task` before the fields of its input.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::frame::Value;
use petrel_sdk::{
    ConfigError, Context, Description, Error, Field, FrameView, InputStream, OutputStream, Scalar, Schema, serde_json,
};

struct Where {
    task: i64,
}

impl BatchBolt for Where {
    fn describe(_: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let [input] = inputs else { return Err(ConfigError::general("takes exactly one input")) };
        let mut fields = vec![Field::new("task", Scalar::I64)];
        fields.extend(input.schema.fields.iter().cloned());
        let outputs = vec![OutputStream::default_stream(Schema { fields })];
        Ok(Description { inputs: vec![input.schema.clone()], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        Ok(Where { task: i64::from(context.task) })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let mut values = Vec::new();
        for row in 0..frame.rows() {
            values.clear();
            values.push(Value::I64(self.task));
            values.extend((0..frame.columns()).map(|column| frame.column(column).value(row)));
            out.stream(0).builder().push_row(&values)?;
            out.stream(0).anchor(row);
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Where);
