//! A bolt with an alarm for each number, which tells it; that of one number needs a file.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::host::Clock;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, OutputStream, Scalar,
    Schema, TableSpec, serde_json,
};
use petrel_system_guests::numbers;

struct Alarm {
    needs: String,
    at: i64,
}

impl BatchBolt for Alarm {
    fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::required("needs", ConfigKind::Text, "the file without which the alarm fails"),
            ConfigKey::required("at", ConfigKind::Integer, "the number whose alarm fails"),
        ]
    }

    fn describe(_: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        let schema = Schema { fields: vec![Field::new("number", Scalar::I64)] };
        Ok(Description {
            inputs: vec![schema.clone()],
            outputs: vec![OutputStream::default_stream(schema)],
            tables: vec![TableSpec::value("alarms", Scalar::I64)],
            state_key: vec!["number".into()],
            ..Description::default()
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        Ok(Alarm {
            needs: context.configuration["needs"].as_str().unwrap_or_default().to_owned(),
            at: context.configuration["at"].as_i64().unwrap_or_default(),
        })
    }

    fn process(&mut self, _: usize, frame: &FrameView<'_>, state: &mut BatchState<'_>, _: &mut Outputs) -> Result<(), Error> {
        state.set_timers(0, Clock::Processing, frame.bytes(), &vec![1; frame.rows()]);
        Ok(())
    }

    fn on_timer(
        &mut self,
        _: usize,
        keys: &FrameView<'_>,
        _: &[i64],
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        for number in numbers(keys)? {
            if *number == self.at && !std::path::Path::new(&self.needs).exists() {
                return Err(Error::new(format!("there is no {}", self.needs)));
            }
            let builder = out.stream(0).builder();
            builder.column(0).push_i64(*number);
            builder.end_row();
        }
        Ok(())
    }
}

petrel_sdk::export_batch_bolt!(Alarm);
