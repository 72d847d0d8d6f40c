//! A bolt with a direct stream: number *n* goes to task *n* mod tasks of the consumer, or to the task that is configured.

use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream,
    Scalar, Schema, frame, serde_json,
};
use petrel_system_guests::numbers;

struct Deal {
    tasks: u32,
    always: Option<u32>,
}

impl BatchBolt for Deal {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::optional("always", ConfigKind::Integer, "the task that gets everything")]
    }

    fn describe(_: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        let schema = Schema { fields: vec![Field::new("number", Scalar::I64)] };
        let outputs = vec![OutputStream { direct: true, ..OutputStream::default_stream(schema.clone()) }];
        Ok(Description { inputs: vec![schema], outputs, ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let tasks = context.consumers.first().map_or(1, |consumer| consumer.tasks);
        let always = context.configuration["always"].as_u64().map(|task| task as u32);
        Ok(Deal { tasks, always })
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        if let Some(task) = self.always {
            out.emit_frame_direct(0, task, frame.bytes(), Anchors::All);
            return Ok(());
        }
        let numbers = numbers(frame)?;
        for task in 0..self.tasks {
            let rows: Vec<u32> =
                (0..frame.rows() as u32).filter(|row| numbers[*row as usize] % i64::from(self.tasks) == i64::from(task)).collect();
            if !rows.is_empty() {
                out.emit_frame_direct(0, task, &frame::take(frame, &rows)?, Anchors::PerRow(&rows));
            }
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Deal);
