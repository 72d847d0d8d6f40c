//! What functions take and return.

use crate::kind::Kind;

/// How a function may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `name(a, b)`.
    Function,
    /// `a.name(b)`.
    Method,
    Both,
}

/// How the function of that name may be called.
pub(crate) fn style(name: &str) -> Style {
    match name {
        "bool" | "int" | "uint" | "double" | "string" | "bytes" | "timestamp" | "duration" => Style::Function,
        "size" | "matches" | "truncate" | "formatTime" | "parseTime" => Style::Both,
        _ => Style::Method,
    }
}

/// The type a call returns; `arguments` begins with the target of a method.
///
/// # Errors
/// There is no such function, or none for these types; with what there is.
pub(crate) fn call(name: &str, is_method: bool, arguments: &[Kind]) -> Result<Kind, String> {
    let overloads: Vec<_> = SIGNATURES.iter().filter(|signature| signature.0 == name).collect();
    if overloads.is_empty() {
        return Err(format!("there is no function `{name}`"));
    }
    match (style(name), is_method) {
        (Style::Function, true) => return Err(format!("write {name}(x) instead of x.{name}()")),
        (Style::Method, false) => return Err(format!("write x.{name}(…) instead of {name}(x, …)")),
        _ => {}
    }
    let fitting = overloads.iter().find(|signature| {
        let wanted = parameters(signature.1);
        wanted.len() == arguments.len() && arguments.iter().zip(&wanted).all(|(argument, wanted)| argument.fits(wanted))
    });
    match fitting {
        Some(signature) => Ok(kind(signature.2)),
        None => {
            let found: Vec<String> = arguments.iter().map(Kind::to_string).collect();
            let there_is: Vec<String> = overloads.iter().map(|signature| format!("({})", signature.1)).collect();
            Err(format!("`{name}` does not take ({}) but {}", found.join(", "), there_is.join(" or ")))
        }
    }
}

fn parameters(list: &str) -> Vec<Kind> {
    list.split(", ").filter(|name| !name.is_empty()).map(kind).collect()
}

fn kind(name: &str) -> Kind {
    match name {
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "uint" => Kind::Uint,
        "double" => Kind::Double,
        "string" => Kind::String,
        "bytes" => Kind::Bytes,
        "timestamp" => Kind::Timestamp,
        "duration" => Kind::Duration,
        "map" => Kind::Map,
        "list" => Kind::List(Box::new(Kind::Unknown)),
        "list of string" => Kind::List(Box::new(Kind::String)),
        _ => unreachable!("the table names no type `{name}`"),
    }
}

/// Name, parameters (the target of a method first), result. A test evaluates a call of each.
pub(crate) const SIGNATURES: &[(&str, &str, &str)] = &[
    ("size", "string", "int"),
    ("size", "bytes", "int"),
    ("size", "list", "int"),
    ("size", "map", "int"),
    ("bool", "bool", "bool"),
    ("bool", "string", "bool"),
    ("int", "int", "int"),
    ("int", "uint", "int"),
    ("int", "double", "int"),
    ("int", "string", "int"),
    ("int", "timestamp", "int"),
    ("uint", "int", "uint"),
    ("uint", "uint", "uint"),
    ("uint", "double", "uint"),
    ("uint", "string", "uint"),
    ("double", "int", "double"),
    ("double", "uint", "double"),
    ("double", "double", "double"),
    ("double", "string", "double"),
    ("string", "bool", "string"),
    ("string", "int", "string"),
    ("string", "uint", "string"),
    ("string", "double", "string"),
    ("string", "string", "string"),
    ("string", "bytes", "string"),
    ("string", "timestamp", "string"),
    ("string", "duration", "string"),
    ("bytes", "string", "bytes"),
    ("bytes", "bytes", "bytes"),
    ("timestamp", "string", "timestamp"),
    ("timestamp", "int", "timestamp"),
    ("timestamp", "timestamp", "timestamp"),
    ("duration", "string", "duration"),
    ("contains", "string, string", "bool"),
    ("startsWith", "string, string", "bool"),
    ("endsWith", "string, string", "bool"),
    ("matches", "string, string", "bool"),
    ("lowerAscii", "string", "string"),
    ("upperAscii", "string", "string"),
    ("trim", "string", "string"),
    ("reverse", "string", "string"),
    ("charAt", "string, int", "string"),
    ("indexOf", "string, string", "int"),
    ("indexOf", "string, string, int", "int"),
    ("lastIndexOf", "string, string", "int"),
    ("lastIndexOf", "string, string, int", "int"),
    ("replace", "string, string, string", "string"),
    ("replace", "string, string, string, int", "string"),
    ("split", "string, string", "list of string"),
    ("split", "string, string, int", "list of string"),
    ("substring", "string, int", "string"),
    ("substring", "string, int, int", "string"),
    ("join", "list of string", "string"),
    ("join", "list of string, string", "string"),
    ("getFullYear", "timestamp", "int"),
    ("getFullYear", "timestamp, string", "int"),
    ("getMonth", "timestamp", "int"),
    ("getMonth", "timestamp, string", "int"),
    ("getDate", "timestamp", "int"),
    ("getDate", "timestamp, string", "int"),
    ("getDayOfMonth", "timestamp", "int"),
    ("getDayOfMonth", "timestamp, string", "int"),
    ("getDayOfWeek", "timestamp", "int"),
    ("getDayOfWeek", "timestamp, string", "int"),
    ("getDayOfYear", "timestamp", "int"),
    ("getDayOfYear", "timestamp, string", "int"),
    ("getHours", "timestamp", "int"),
    ("getHours", "timestamp, string", "int"),
    ("getHours", "duration", "int"),
    ("getMinutes", "timestamp", "int"),
    ("getMinutes", "timestamp, string", "int"),
    ("getMinutes", "duration", "int"),
    ("getSeconds", "timestamp", "int"),
    ("getSeconds", "timestamp, string", "int"),
    ("getSeconds", "duration", "int"),
    ("getMilliseconds", "timestamp", "int"),
    ("getMilliseconds", "timestamp, string", "int"),
    ("getMilliseconds", "duration", "int"),
    ("truncate", "timestamp, duration", "timestamp"),
    ("formatTime", "timestamp, string", "string"),
    ("parseTime", "string, string", "timestamp"),
];
