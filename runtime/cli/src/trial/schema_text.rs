//! `word:string,tags:list<string>`: a schema on the command line.

use petrel_frame::Scalar;
use petrel_model::{Field, Schema};

/// Reads `NAME:TYPE,…`. A type is written as messages write it: `i64`, `list<string>`, `optional<bytes>`.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub(crate) fn parse_schema(text: &str) -> Result<Schema, String> {
    let mut fields: Vec<Field> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (name, kind) = part
            .rsplit_once(':')
            .ok_or_else(|| format!("{part:?} is no field: write NAME:TYPE, such as word:string,count:i64"))?;
        let field = parse_field(name.trim(), kind.trim())?;
        if fields.iter().any(|other| other.name == field.name) {
            return Err(format!("the field {:?} is there twice", field.name));
        }
        fields.push(field);
    }
    Ok(Schema::new(fields))
}

fn parse_field(name: &str, kind: &str) -> Result<Field, String> {
    if name.is_empty() {
        return Err(format!("a field of type {kind} has no name"));
    }
    let within =
        |text: &str, what: &str| Some(text.strip_prefix(what)?.strip_prefix('<')?.strip_suffix('>')?.trim().to_owned());
    let optional = within(kind, "optional");
    let rest = optional.clone().unwrap_or_else(|| kind.to_owned());
    let list = within(&rest, "list");
    let scalar = list.clone().unwrap_or(rest);
    let scalar = Scalar::from_name(&scalar).ok_or_else(|| {
        format!(
            "{kind:?} is no type: the types are bool, i64, f64, string, bytes and timestamp, list<…> of one of these, and \
             optional<…> of either"
        )
    })?;
    Ok(Field { name: name.to_owned(), scalar, list: list.is_some(), optional: optional.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_messages_write() {
        let text = "word: string, counts: list<i64>, at: optional<timestamp>, tags: optional<list<bytes>>";
        assert_eq!(parse_schema(text).unwrap().to_string(), text);
        assert_eq!(parse_schema("a:b:i64").unwrap().fields[0].name, "a:b");
    }

    #[test]
    fn says_what_is_wrong() {
        let wrong = |text: &str| parse_schema(text).unwrap_err();
        assert!(wrong("word").contains("write NAME:TYPE"));
        assert!(wrong("word:text").contains("\"text\" is no type"));
        assert!(wrong("word:list<list<i64>>").contains("is no type"));
        assert!(wrong("a:i64,a:i64").contains("twice"));
        assert!(wrong(":i64").contains("no name"));
        assert!(wrong("").contains("write NAME:TYPE"));
    }
}
