//! The pattern and what its groups become.

use super::{ConfigError, Field, Schema, TimeFormat, serde_json};
use petrel_sdk::Scalar;
use regex::bytes::Regex;

/// `%h %l %u %t "%r" %>s %b`. The request line may be anything that a client sent, and then has no method and path.
const COMMON: &str = r#"(?-u)^(?<host>\S+) \S+ (?:-|(?<user>\S+)) \[(?<time>[^\]]+)\] "(?:(?<method>[A-Z]+) (?<path>[^ "]+)(?: (?<protocol>[^ "]+))?|(?:[^"\\]|\\.)*)" (?<status>\d{3}) (?:-|(?<size>\d+))"#;

/// The same and `"%{Referer}i" "%{User-agent}i"`.
const COMBINED: &str = r#" "(?:-|(?<referer>(?:[^"\\]|\\.)*))" "(?:-|(?<agent>(?:[^"\\]|\\.)*))""#;

const LOG_TIME: &str = "%d/%b/%Y:%H:%M:%S %z";

const LOG_TYPES: [(&str, &str); 9] = [
    ("user", "optional<string>"),
    ("time", "timestamp"),
    ("method", "optional<string>"),
    ("path", "optional<string>"),
    ("protocol", "optional<string>"),
    ("status", "i64"),
    ("size", "optional<i64>"),
    ("referer", "optional<string>"),
    ("agent", "optional<string>"),
];

/// A named group.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its number in the pattern.
    pub(crate) number: usize,
    /// The field it becomes.
    pub(crate) field: Field,
}

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Pattern {
    pub(crate) regex: Regex,
    pub(crate) groups: Vec<Group>,
    pub(crate) time_format: Option<TimeFormat>,
    /// Whether text that does not match is passed over.
    pub(crate) drops: bool,
}

impl Pattern {
    /// The pattern of a configuration.
    pub(crate) fn read(configuration: &serde_json::Value) -> Result<Pattern, ConfigError> {
        let text = |key: &str| configuration[key].as_str();
        let (source, log) = match (text("pattern"), text("format")) {
            (Some(pattern), None) => (pattern.to_string(), false),
            (None, Some("common")) => (format!("{COMMON}\\s*$"), true),
            (None, Some("combined")) => (format!("{COMMON}{COMBINED}\\s*$"), true),
            (None, Some(other)) => {
                return Err(ConfigError::new(
                    "format",
                    format!("there is no \"{other}\"; choose \"common\" or \"combined\", or write a pattern"),
                ));
            }
            (Some(_), Some(_)) => return Err(ConfigError::new("format", "pattern is set as well; choose one of them")),
            (None, None) => return Err(ConfigError::new("pattern", "say what to look for: a pattern, or a format")),
        };
        let regex = Regex::new(&source).map_err(|error| {
            let why = error.to_string();
            ConfigError::new(
                "pattern",
                format!("this is no regular expression: {}", why.lines().last().unwrap_or_default()),
            )
        })?;
        let declared = match &configuration["fields"] {
            serde_json::Value::Null => Vec::new(),
            fields => declared::fields(fields).map_err(|message| ConfigError::new("fields", message))?,
        };
        let field = |name: &str| {
            let default =
                LOG_TYPES.iter().find(|(field, _)| log && *field == name).map_or("string", |(_, default)| default);
            let own = declared.iter().find(|field| field.name == name).cloned();
            own.unwrap_or_else(|| declared::field(name, default).expect("the types of log fields are types"))
        };
        let groups: Vec<Group> = (0..)
            .zip(regex.capture_names())
            .filter_map(|(number, name)| Some(Group { number, field: field(name?) }))
            .collect();
        let names: Vec<String> = groups.iter().map(|group| format!("`{}`", group.field.name)).collect();
        if groups.is_empty() {
            return Err(ConfigError::new("pattern", "it has no named group; one is (?<name>\\w+)"));
        }
        for field in &declared {
            if !groups.iter().any(|group| group.field.name == field.name) {
                let message = format!("there is no group `{}`; there are {}", field.name, names.join(", "));
                return Err(ConfigError::new("fields", message));
            }
            if field.list {
                return Err(ConfigError::new("fields", format!("{field}: a group is one value, not a list")));
            }
        }
        let time_format = match text("time_format").or(log.then_some(LOG_TIME)) {
            Some(format) => Some(TimeFormat::new(format).map_err(|message| ConfigError::new("time_format", message))?),
            None => None,
        };
        if text("time_format").is_some() && !groups.iter().any(|group| group.field.scalar == Scalar::Timestamp) {
            return Err(ConfigError::new(
                "time_format",
                "no field is a timestamp; declare one: fields = { at = \"timestamp\" }",
            ));
        }
        let drops = match text("unmatched") {
            None | Some("reject") => false,
            Some("drop") => true,
            Some(other) => {
                return Err(ConfigError::new(
                    "unmatched",
                    format!("\"{other}\" is none; choose \"reject\" or \"drop\""),
                ));
            }
        };
        Ok(Pattern { regex, groups, time_format, drops })
    }

    /// The fields of the groups.
    pub(crate) fn schema(&self) -> Schema {
        Schema::new(self.groups.iter().map(|group| group.field.clone()).collect::<Vec<_>>())
    }
}
