//! The configuration of a component as a struct.

use crate::describe::{ConfigError, ConfigKey, ConfigKind};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The configuration of a component as a struct: `#[derive(Config)]` on a struct with named fields.
///
/// Fields are `bool`, integers, `f64`, `String`, `Vec<String>`, [`serde_json::Value`], or an `Option` of those, which
/// may be left out. The first paragraph of a field's documentation is its help.
///
/// - `#[config(default = …)]`: may be left out and is then this.
/// - `#[config(rename = "…")]`: the key has another name than the field.
/// - `#[config(path_read)]`, `#[config(path_write)]` on a `String`, `#[config(stdin)]` on a `bool`: setting the key
///   grants those files, which [`host::files`](crate::host::files) reads and writes by the key's name.
/// - `#[config(text)]`, `#[config(json)]`: any type that serde deserializes, from text or from any JSON.
///
/// ```
/// use petrel_sdk::{Config, serde_json::json};
///
/// #[derive(Config)]
/// struct Settings {
///     /// Words with fewer letters are dropped.
///     #[config(default = 1)]
///     shortest: u32,
///     /// Where the stop words are.
///     #[config(path_read)]
///     stop_words: Option<String>,
/// }
///
/// let settings = Settings::parse(&json!({ "shortest": 3 })).unwrap();
/// assert_eq!((settings.shortest, settings.stop_words), (3, None));
/// let error = Settings::parse(&json!({ "shortest": -3 })).err().unwrap();
/// assert_eq!(error.to_string(), "config.shortest: it is -3, but must be an integer from 0 to 4294967295");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a configuration",
    note = "put `#[derive(Config)]` on the struct, or use `()` if there is nothing to configure"
)]
pub trait Config: Sized {
    /// The keys.
    fn keys() -> Vec<ConfigKey>;

    /// Reads a JSON object. Keys that were left out have their defaults.
    ///
    /// # Errors
    /// Which key is missing or has a value that does not fit.
    fn parse(configuration: &Value) -> Result<Self, ConfigError>;
}

impl Config for () {
    fn keys() -> Vec<ConfigKey> {
        Vec::new()
    }

    fn parse(_: &Value) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// What a field of a configuration may be. See [`Config`] for the list.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a configuration",
    note = "fields are `bool`, integers, `f64`, `String`, `Vec<String>`, `serde_json::Value`, or an `Option` of those; \
            `#[config(json)]` and `#[config(text)]` take any type that serde deserializes"
)]
pub trait ConfigValue: Sized {
    /// How the key is typed.
    const KIND: ConfigKind;
    /// Whether it may be left out.
    const OPTIONAL: bool = false;

    /// From JSON. The error says what it must be, as in "must be an integer".
    ///
    /// # Errors
    /// The value does not fit.
    fn from_json(value: &Value) -> Result<Self, String>;

    /// What it is when it was left out.
    fn absent() -> Option<Self> {
        None
    }
}

impl ConfigValue for bool {
    const KIND: ConfigKind = ConfigKind::Boolean;

    fn from_json(value: &Value) -> Result<bool, String> {
        value.as_bool().ok_or_else(|| "must be true or false".into())
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl ConfigValue for $type {
            const KIND: ConfigKind = ConfigKind::Integer;

            fn from_json(value: &Value) -> Result<$type, String> {
                let wide = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
                wide.and_then(|value| <$type>::try_from(value).ok())
                    .ok_or_else(|| format!("must be an integer from {} to {}", <$type>::MIN, <$type>::MAX))
            }
        }
    )*};
}

integers! { i64 i32 i16 i8 u64 u32 u16 u8 usize }

impl ConfigValue for f64 {
    const KIND: ConfigKind = ConfigKind::Float;

    fn from_json(value: &Value) -> Result<f64, String> {
        value.as_f64().ok_or_else(|| "must be a number".into())
    }
}

impl ConfigValue for String {
    const KIND: ConfigKind = ConfigKind::Text;

    fn from_json(value: &Value) -> Result<String, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "must be text".into())
    }
}

impl ConfigValue for Vec<String> {
    const KIND: ConfigKind = ConfigKind::Texts;

    fn from_json(value: &Value) -> Result<Vec<String>, String> {
        let texts = value.as_array().and_then(|items| {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<String>>>()
        });
        texts.ok_or_else(|| "must be a list of texts".into())
    }
}

impl ConfigValue for Value {
    const KIND: ConfigKind = ConfigKind::Json;

    fn from_json(value: &Value) -> Result<Value, String> {
        Ok(value.clone())
    }
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const KIND: ConfigKind = T::KIND;
    const OPTIONAL: bool = true;

    fn from_json(value: &Value) -> Result<Option<T>, String> {
        if value.is_null() { Ok(None) } else { T::from_json(value).map(Some) }
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }
}

/// Whatever serde deserializes, for `#[config(json)]` and `#[config(text)]`.
#[derive(Debug)]
pub struct Any<T>(pub T);

impl<T: DeserializeOwned> ConfigValue for Any<T> {
    const KIND: ConfigKind = ConfigKind::Json;

    fn from_json(value: &Value) -> Result<Any<T>, String> {
        T::deserialize(value).map(Any).map_err(|error| format!("does not fit: {error}"))
    }

    fn absent() -> Option<Any<T>> {
        // An `Option` deserializes from null, and what is required does not.
        T::deserialize(&Value::Null).ok().map(Any)
    }
}

/// A key of a configuration, for the derive.
pub fn key<T: ConfigValue>(name: &str, kind: Option<ConfigKind>, default: Option<Value>, help: &str) -> ConfigKey {
    ConfigKey {
        name: name.into(),
        kind: kind.unwrap_or(T::KIND),
        required: default.is_none() && !T::OPTIONAL && T::absent().is_none(),
        default,
        help: help.into(),
    }
}

/// The value of a key, for the derive.
///
/// # Errors
/// It is missing and required, or does not fit.
pub fn value<T: ConfigValue>(configuration: &Value, name: &str, default: Option<Value>) -> Result<T, ConfigError> {
    let given = configuration.get(name).filter(|value| !value.is_null()).cloned().or(default);
    match given {
        Some(value) => {
            T::from_json(&value).map_err(|must| ConfigError::new(name, format!("it is {value}, but {must}")))
        }
        None => T::absent().ok_or_else(|| ConfigError::new(name, "it is not set, and has no default")),
    }
}
