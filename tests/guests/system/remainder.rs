//! A grouping: number *n* goes to task *n* mod `of`, or, without it, *n* mod tasks.

use petrel_sdk::batch::Grouping;
use petrel_sdk::{
    ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, FrameView, InputStream, Scalar, Schema,
    serde_json,
};
use petrel_system_guests::numbers;

struct Remainder {
    of: Option<i64>,
}

impl Grouping for Remainder {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::optional("of", ConfigKind::Integer, "what is divided by")]
    }

    fn describe(_: &serde_json::Value, _: &[InputStream]) -> Result<Description, ConfigError> {
        let schema = Schema { fields: vec![Field::new("number", Scalar::I64)] };
        Ok(Description { inputs: vec![schema], ..Description::default() })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        Ok(Remainder { of: context.configuration["of"].as_i64() })
    }

    fn choose(&mut self, frame: &FrameView<'_>, tasks: u32, chosen: &mut Vec<u32>) -> Result<(), Error> {
        let of = self.of.unwrap_or(i64::from(tasks));
        chosen.extend(numbers(frame)?.iter().map(|number| number.rem_euclid(of) as u32));
        Ok(())
    }
}

petrel_sdk::export_grouping!(Remainder);
