//! Which inputs and fields a bolt is to take.

use petrel_sdk::{ConfigError, Field, InputStream};

/// The one input of a bolt that takes no more.
///
/// # Errors
/// There is none, or several.
pub fn single<'i>(inputs: &'i [InputStream], plugin: &str) -> Result<&'i InputStream, ConfigError> {
    match inputs {
        [input] => Ok(input),
        [] => Err(ConfigError::general(format!("{plugin} needs an input"))),
        [one, other, ..] => Err(ConfigError::general(format!(
            "{plugin} takes one input, but {} and {} lead to it; use a component for each",
            one.stream, other.stream
        ))),
    }
}

/// A field of `string` or `bytes` to take apart: the one of that name, or else the only one. The name is what the
/// configuration key `field` holds.
///
/// # Errors
/// There is none, or it is not clear which.
pub fn text_field<'i>(input: &'i InputStream, wanted: Option<&str>) -> Result<&'i Field, ConfigError> {
    let is_text = |field: &&Field| field.scalar.is_variable() && !field.list;
    let stream = &input.stream;
    if let Some(name) = wanted {
        let field = field(input, "field", name)?;
        return match is_text(&field) {
            true => Ok(field),
            false => Err(ConfigError::new("field", format!("{field} of {stream} is no string or bytes"))),
        };
    }
    let mut candidates = input.schema.fields.iter().filter(is_text);
    match (candidates.next(), candidates.next()) {
        (Some(field), None) => Ok(field),
        (None, _) => {
            Err(ConfigError::general(format!("{stream} has no field of string or bytes; it has {}", input.schema)))
        }
        (Some(one), Some(other)) => Err(ConfigError::new(
            "field",
            format!(
                "{stream} has several fields to choose from, `{}` and `{}` among them; name one",
                one.name, other.name
            ),
        )),
    }
}

/// The field of that name, which the configuration key `key` holds.
///
/// # Errors
/// There is none.
pub fn field<'i>(input: &'i InputStream, key: &str, name: &str) -> Result<&'i Field, ConfigError> {
    input.schema.field(name).ok_or_else(|| {
        ConfigError::new(key, format!("{} has no field `{name}`; it has {}", input.stream, input.schema))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_sdk::{Scalar, Schema};

    fn input(fields: &[(&str, Scalar)]) -> InputStream {
        let fields: Vec<Field> = fields.iter().map(|(name, scalar)| Field::new(*name, *scalar)).collect();
        InputStream { stream: "a.default".into(), schema: Schema::new(fields), key: Vec::new() }
    }

    #[test]
    fn the_only_text_is_found() {
        let input = input(&[("n", Scalar::I64), ("line", Scalar::Bytes)]);
        assert_eq!(text_field(&input, None).unwrap().name, "line");
        assert_eq!(text_field(&input, Some("line")).unwrap().name, "line");
        assert_eq!(text_field(&input, Some("n")).unwrap_err().key, "field");
        let error = text_field(&input, Some("lime")).unwrap_err();
        assert_eq!(error.message, "a.default has no field `lime`; it has n: i64, line: bytes");
    }

    #[test]
    fn none_or_several_are_refused() {
        assert!(text_field(&input(&[("n", Scalar::I64)]), None).is_err());
        let two = input(&[("a", Scalar::String), ("b", Scalar::Bytes)]);
        assert!(text_field(&two, None).unwrap_err().message.contains("`a` and `b`"));
        assert!(single(&[], "top").is_err());
        assert!(single(&[two.clone(), two.clone()], "top").is_err());
        assert!(single(&[two], "top").is_ok());
    }
}
