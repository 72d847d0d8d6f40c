//! What expressions mean, and that types worked out before are those that come out.

use crate::signatures::{SIGNATURES, Style, style};
use crate::{Evaluator, Expression};
use petrel_frame::{Field, FrameBuilder, FrameView, ListView, Scalar, Schema, Value};

fn schema() -> Schema {
    Schema::new([
        Field::new("status", Scalar::I64),
        Field::new("path", Scalar::String),
        Field::new("ratio", Scalar::F64),
        Field::new("raw", Scalar::Bytes),
        Field::new("ok", Scalar::Bool),
        Field::new("time", Scalar::Timestamp),
        Field::new("tags", Scalar::String).list(),
        Field::new("user", Scalar::String).optional(),
    ])
}

const NOON: i64 = 1_769_860_845_678_901; // 2026-01-31T12:00:45.678901Z

/// Row 0 has a user, row 1 has none.
fn rows(run: impl FnOnce(&FrameView<'_>)) {
    let mut builder = FrameBuilder::new(&schema());
    let tags = [Value::String("a"), Value::String("b")];
    for user in [Value::String("ann"), Value::Null] {
        builder
            .push_row(&[
                Value::I64(503),
                Value::String("/api/Users"),
                Value::F64(0.5),
                Value::Bytes(b"\xc3\xbc"),
                Value::Bool(true),
                Value::Timestamp(NOON),
                Value::List(ListView::from_values(&tags)),
                user,
            ])
            .unwrap();
    }
    run(&FrameView::parse(builder.finish().unwrap()).unwrap());
}

/// The value of an expression for a row, as text, behind its type.
fn eval_row(source: &str, row: usize) -> Result<String, String> {
    let schema = schema();
    let expression = Expression::new(source, &schema)?;
    let field = expression.field("out")?;
    let mut out = FrameBuilder::new(&Schema::new([field.clone()]));
    rows(|frame| {
        if let Err(error) = Evaluator::new(&schema, frame).push(&expression, row, out.column(0)) {
            let mut failed = FrameBuilder::new(&Schema::new([Field::new("out", Scalar::String)]));
            failed.column(0).push_str(&error);
            out = failed;
        }
    });
    let frame = FrameView::parse(out.finish().unwrap()).unwrap();
    Ok(format!("{}: {:?}", field.type_name(), frame.column(0).value(0)))
}

fn eval(source: &str) -> Result<String, String> {
    eval_row(source, 0)
}

#[track_caller]
fn is(source: &str, expected: &str) {
    assert_eq!(eval(source).as_deref(), Ok(expected), "{source}");
}

#[track_caller]
fn refused(source: &str, because: &str) {
    let message = eval(source).expect_err(source);
    assert!(message.contains(because), "{source}: {message}");
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn fields_keep_their_types() {
    is("status", "i64: I64(503)");
    is("path", "string: String(\"/api/Users\")");
    is("ratio", "f64: F64(0.5)");
    is("raw", "bytes: Bytes([195, 188])");
    is("ok", "bool: Bool(true)");
    is("time", &format!("timestamp: Timestamp({NOON})"));
    is("tags", "list<string>: List([String(\"a\"), String(\"b\")])");
    is("user", "optional<string>: String(\"ann\")");
    assert_eq!(eval_row("user", 1).as_deref(), Ok("optional<string>: Null"));
}

#[test]
fn it_is_known_what_is_read() {
    let expression = Expression::new("tags.exists(t, t == path) || has({'a': status}.a)", &schema()).unwrap();
    let read: Vec<String> =
        schema().fields.into_iter().map(|field| field.name).filter(|name| expression.reads(name)).collect();
    assert_eq!(read, ["status", "path", "tags"]);
}

#[test]
fn operators() {
    is("status >= 500 && !(path == '/')", "bool: Bool(true)");
    is("status / 100 * 100 + status % 100 - 3", "i64: I64(500)");
    is("-ratio * 2.0 < 1", "bool: Bool(true)");
    is("path + '?' + string(status)", "string: String(\"/api/Users?503\")");
    is("status in [500, 503]", "bool: Bool(true)");
    is("tags[1]", "string: String(\"b\")");
    is("status > 500 ? 'bad' : 'good'", "string: String(\"bad\")");
    is("user == null ? 'nobody' : user", "optional<string>: String(\"ann\")");
    is("ok ? user : null", "optional<string>: String(\"ann\")");
    is("{'a': 1, 'b': 2}['b'] == 2", "bool: Bool(true)");
    assert_eq!(eval_row("user != null && user == 'ann'", 1).as_deref(), Ok("bool: Bool(false)"));
}

#[test]
fn lists_are_gone_through() {
    is("tags.exists(tag, tag == 'b')", "bool: Bool(true)");
    is("tags.all(tag, tag == 'b')", "bool: Bool(false)");
    is("tags.exists_one(tag, tag == 'b')", "bool: Bool(true)");
    is("tags.map(tag, size(tag) + 1)", "list<i64>: List([I64(2), I64(2)])");
    is("tags.filter(tag, tag != 'a')", "list<string>: List([String(\"b\")])");
    is("(tags + ['c']).join('-')", "string: String(\"a-b-c\")");
}

#[test]
fn text() {
    is("path.matches('^/api/[A-Z]')", "bool: Bool(true)");
    is("matches(path, 'zzz')", "bool: Bool(false)");
    is("path.lowerAscii().split('/')[1]", "string: String(\"api\")");
    is("path.replace('/', '.').substring(1)", "string: String(\"api.Users\")");
    is("string(raw) + path.charAt(0)", "string: String(\"ü/\")");
    is("size(raw) + size(string(raw))", "i64: I64(3)");
    is("r'a\\b'", "string: String(\"a\\\\b\")");
}

#[test]
fn times() {
    is("string(truncate(time, duration('1m')))", "string: String(\"2026-01-31T12:00:00Z\")");
    is("timestamp(int(time) / 3600 * 3600) == time.truncate(duration('1h'))", "bool: Bool(true)");
    is("formatTime(time, '%H:%M')", "string: String(\"12:00\")");
    is("parseTime('31/Jan/2026:13:00:00 +0100', '%d/%b/%Y:%H:%M:%S %z') < time", "bool: Bool(true)");
    is("time.getHours('Europe/Berlin')", "i64: I64(13)");
    is("(time - timestamp('2026-01-31T00:00:00Z')).getHours()", "i64: I64(12)");
    is("string(time + duration('1h30m'))", "string: String(\"2026-01-31T13:30:45.678901Z\")");
}

#[test]
fn what_cannot_work_is_refused() {
    refused("state >= 500", "there is no field `state`; there are `status`, `path`");
    refused("frobnicate(path)", "there is no function `frobnicate`");
    refused("status.startsWith('5')", "`startsWith` does not take (int, string) but (string, string)");
    refused("startsWith(path, '/')", "write x.startsWith(…)");
    refused("status.string()", "write string(x)");
    refused("status == '503'", "`==` does not go with int and string");
    refused("ratio * 2", "write double(…)");
    refused("raw + path", "write string(…) around the bytes");
    refused("path && ok", "`&&` does not go with string and bool");
    refused("status ? 1 : 2", "the condition before `?` is a int");
    refused("ok ? 1 : 'a'", "the two sides of `:`");
    refused("[1, 'a']", "a list of int cannot hold a string");
    refused("user < null", "only == and != go with null");
    refused("path.length", "a string has no `.length`");
    refused("path.matches('(')", "is no regular expression");
    refused("formatTime(time, '%Q')", "is no time format");
    refused("time + duration('soon')", "\"soon\" is no duration");
    refused("timestamp('today')", "\"today\" is no time");
    refused("status >=", "at character");
    refused("", "");
    refused("'open", "");
    refused("Point{x: 1}", "there is no type `Point`");
    refused("null", "would have no type");
    refused("[]", "its type is not known");
    refused("{'a': 1}['a']", "its type is not known");
    refused("duration('1s')", "cannot be a duration");
    refused("5u", "write int(…)");
    assert!(Expression::condition("status", &schema()).unwrap_err().contains("not a bool"));
    assert!(Expression::condition("user == 'a'", &schema()).is_ok());
}

#[test]
fn what_fails_on_a_tuple_says_why() {
    for (source, why) in [
        ("status / (status - 503)", "Division by zero"),
        ("int(path)", "int"),
        ("tags[7]", "Index out of bounds"),
        ("status * 9223372036854775807", "Overflow"),
        ("path.matches(path + '(')", "is no regular expression"),
    ] {
        let message = eval(source).unwrap();
        assert!(message.contains(why) && message.contains('`'), "{source}: {message}");
    }
    let absent = eval_row("user + '!'", 1).unwrap();
    assert!(absent.contains("`user + '!'`"), "{absent}");
}

/// Each function of the table exists and returns what the table says.
#[test]
fn signatures_are_true() {
    for (name, parameters, result) in SIGNATURES {
        let arguments: Vec<&str> = parameters
            .split(", ")
            .map(|parameter| match (parameter, *name) {
                ("bool", _) => "true",
                ("int", _) => "1",
                ("uint", _) => "1u",
                ("double", _) => "1.0",
                ("string", "bool") => "'true'",
                ("string", "duration") => "'1s'",
                ("string", "timestamp") => "'2026-01-31T12:00:00Z'",
                ("string", "int" | "uint" | "double") => "'1'",
                ("string", "formatTime" | "parseTime") => "'%s'",
                ("string", method) if method.starts_with("get") => "'UTC'",
                ("string", _) => "'ab'",
                ("bytes", _) => "b'ab'",
                ("timestamp", _) => "time",
                ("duration", _) => "duration('1s')",
                ("list" | "list of string", _) => "['a']",
                ("map", _) => "{'a': 1}",
                (parameter, _) => panic!("no argument for {parameter}"),
            })
            .collect();
        let arguments = match (*name, arguments.as_slice()) {
            ("parseTime", _) => vec!["'1'", "'%s'"],
            ("substring", [text, from, _]) => vec![*text, "0", from],
            (_, arguments) => arguments.to_vec(),
        };
        let function = format!("{name}({})", arguments.join(", "));
        let method = format!("{}.{name}({})", arguments[0], arguments[1..].join(", "));
        // What a field cannot be is made text first.
        let (source, wrapped): (fn(&str) -> String, _) = match *result {
            "uint" => (|call| format!("int({call})"), "int"),
            "duration" => (|call| format!("string({call})"), "string"),
            result => (|call| call.to_string(), result),
        };
        let expected = match wrapped {
            "int" => "i64: I64(",
            "double" => "f64: F64(",
            "list of string" => "list<string>: List(",
            "bool" => "bool: Bool(",
            "string" => "string: String(",
            "bytes" => "bytes: Bytes(",
            "timestamp" => "timestamp: Timestamp(",
            other => panic!("{other}"),
        };
        let fits = |call: &str| match eval(&source(call)) {
            Ok(value) => value.starts_with(expected) && !value.contains('`'),
            Err(_) => false,
        };
        let works = match (fits(&function), fits(&method)) {
            (true, true) => Style::Both,
            (true, false) => Style::Function,
            (false, true) => Style::Method,
            _ => panic!("{function}: {:?}; {method}: {:?}", eval(&source(&function)), eval(&source(&method))),
        };
        assert_eq!(works, style(name), "{name}({parameters})");
    }
}
