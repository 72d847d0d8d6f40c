//! The configuration that all sinks of lines share.

use crate::{BytesAs, Format, Writer};
use petrel_sdk::{ConfigError, ConfigKey, ConfigKind, InputStream, Schema, serde_json};

/// How a sink writes: `format`, `header`, `fields` and `bytes` of its configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// TSV unless it says otherwise.
    pub format: Format,
    /// Whether a line of the fields' names comes first.
    pub header: bool,
    fields: Option<Vec<String>>,
    bytes: BytesAs,
}

impl Options {
    /// The keys.
    pub fn config_keys() -> Vec<ConfigKey> {
        vec![
            ConfigKey::with_default(
                "format",
                ConfigKind::Text,
                "tsv",
                "\"tsv\", \"csv\", or \"json\" for an object a line",
            ),
            ConfigKey::with_default(
                "header",
                ConfigKind::Boolean,
                false,
                "true: a line of the fields' names first (tsv, csv)",
            ),
            ConfigKey::optional("fields", ConfigKind::Texts, "which fields to write, in which order; by default all"),
            ConfigKey::with_default(
                "bytes",
                ConfigKind::Text,
                "text",
                "how to write bytes: as \"text\", or in \"base64\"",
            ),
        ]
    }

    /// Reads them.
    ///
    /// # Errors
    /// A key has no such value.
    pub fn read(configuration: &serde_json::Value) -> Result<Options, ConfigError> {
        let text = |key: &str, default| configuration[key].as_str().unwrap_or(default).to_string();
        let fields = match &configuration["fields"] {
            serde_json::Value::Null => None,
            names => Some(
                serde_json::from_value(names.clone())
                    .map_err(|_| ConfigError::new("fields", format!("expected a list of names, found {names}")))?,
            ),
        };
        Ok(Options {
            format: Format::from_name(&text("format", "tsv")).map_err(|message| ConfigError::new("format", message))?,
            header: configuration["header"].as_bool().unwrap_or(false),
            bytes: BytesAs::from_name(&text("bytes", "text")).map_err(|message| ConfigError::new("bytes", message))?,
            fields,
        })
    }

    /// The columns that are written, for each input.
    ///
    /// # Errors
    /// An input has no field of a name that is to be written, or inputs differ where lines have no names in them.
    pub fn columns(&self, inputs: &[InputStream]) -> Result<Vec<Schema>, ConfigError> {
        let columns = |input: &InputStream| match &self.fields {
            None => Ok(input.schema.clone()),
            Some(names) => {
                let fields = names.iter().map(|name| {
                    input.schema.field(name).cloned().ok_or_else(|| {
                        let message = format!("{} has no field `{name}`; it has {}", input.stream, input.schema);
                        ConfigError::new("fields", message)
                    })
                });
                Ok(Schema::new(fields.collect::<Result<Vec<_>, ConfigError>>()?))
            }
        };
        let all: Vec<Schema> = inputs.iter().map(columns).collect::<Result<_, _>>()?;
        let Some(first) = all.first() else { return Err(ConfigError::general("a sink needs an input")) };
        if self.format != Format::Json {
            let names = |schema: &Schema| schema.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
            if let Some(i) = all.iter().position(|other| names(other) != names(first)) {
                return Err(ConfigError::new(
                    "fields",
                    format!(
                        "{} has ({first}) and {} has ({}): lines would not tell which is which; name the same fields \
                         for all, or write json",
                        inputs[0].stream, inputs[i].stream, all[i]
                    ),
                ));
            }
        }
        Ok(all)
    }

    /// A writer for each of the [`columns`](Options::columns).
    pub fn writers(&self, columns: &[Schema]) -> Vec<Writer> {
        columns.iter().map(|schema| Writer::new(self.format, self.bytes, schema)).collect()
    }
}
