//! Tuples as lines of text: TSV, CSV and JSON.
//!
//! Sinks write frames with a [`Writer`]; [`json::value`] is also what the `json` bolt formats with.
//!
//! ```
//! use petrel_frame::{Field, FrameBuilder, FrameView, Scalar, Schema, Value};
//! use petrel_records::{BytesAs, Format, Writer};
//!
//! let schema = Schema::new([Field::new("word", Scalar::Bytes), Field::new("count", Scalar::I64)]);
//! let mut frame = FrameBuilder::new(&schema);
//! frame.push_row(&[Value::Bytes(b"petrel"), Value::I64(3)]).unwrap();
//! let frame = FrameView::parse(frame.finish().unwrap()).unwrap();
//!
//! let mut lines = Vec::new();
//! Writer::new(Format::Tsv, BytesAs::Text, &schema).rows(&frame, &mut lines);
//! assert_eq!(lines, b"petrel\t3\n");
//! ```
//!
//! | | TSV | CSV | JSON |
//! |---|---|---|---|
//! | `bytes`, as text | as they are | as they are, quoted where RFC 4180 wants it | U+FFFD for what is not UTF-8 |
//! | absent | nothing | nothing | `null` |
//! | `timestamp` | RFC 3339 | RFC 3339 | RFC 3339 |
//! | list | JSON array | JSON array | JSON array |

mod csv;
pub mod json;
mod options;
mod tsv;
mod writer;

pub use json::BytesAs;
pub use options::Options;
pub use writer::{Format, Writer};

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_frame::{Field, FrameBuilder, FrameView, ListView, Scalar, Schema, Value};

    fn schema() -> Schema {
        Schema::new([
            Field::new("text", Scalar::String),
            Field::new("raw", Scalar::Bytes).optional(),
            Field::new("n", Scalar::I64),
            Field::new("x", Scalar::F64),
            Field::new("ok", Scalar::Bool),
            Field::new("at", Scalar::Timestamp),
            Field::new("list,s", Scalar::String).list(),
        ])
    }

    fn written(format: Format, bytes: BytesAs) -> Vec<u8> {
        let schema = schema();
        let mut builder = FrameBuilder::new(&schema);
        let items = [Value::String("a\tb"), Value::String("\"")];
        builder
            .push_row(&[
                Value::String("tab\there, \"quoted\"\nü"),
                Value::Bytes(b"\xff,\0"),
                Value::I64(-1),
                Value::F64(0.1),
                Value::Bool(true),
                Value::Timestamp(1_500_000),
                Value::List(ListView::from_values(&items)),
            ])
            .unwrap();
        builder
            .push_row(&[
                Value::String(""),
                Value::Null,
                Value::I64(i64::MIN),
                Value::F64(f64::NAN),
                Value::Bool(false),
                Value::Timestamp(0),
                Value::List(ListView::from_values(&[])),
            ])
            .unwrap();
        let writer = Writer::new(format, bytes, &schema);
        let mut out = Vec::new();
        writer.header(&mut out);
        writer.rows(&FrameView::parse(builder.finish().unwrap()).unwrap(), &mut out);
        out
    }

    #[test]
    fn tsv_is_raw() {
        let expected: &[u8] = b"text\traw\tn\tx\tok\tat\tlist,s\n\
            tab\there, \"quoted\"\n\xc3\xbc\t\xff,\0\t-1\t0.1\ttrue\t1970-01-01T00:00:01.500Z\t[\"a\\tb\",\"\\\"\"]\n\
            \t\t-9223372036854775808\tNaN\tfalse\t1970-01-01T00:00:00Z\t[]\n";
        assert_eq!(written(Format::Tsv, BytesAs::Text), expected);
    }

    #[test]
    fn csv_quotes_where_it_must() {
        let expected: &[u8] = b"text,raw,n,x,ok,at,\"list,s\"\n\
            \"tab\there, \"\"quoted\"\"\n\xc3\xbc\",\"\xff,\0\",-1,0.1,true,1970-01-01T00:00:01.500Z,\"[\"\"a\\tb\"\",\"\"\\\"\"\"\"]\"\n\
            ,,-9223372036854775808,NaN,false,1970-01-01T00:00:00Z,[]\n";
        assert_eq!(written(Format::Csv, BytesAs::Text), expected);
    }

    #[test]
    fn json_lines_are_json() {
        let lines = String::from_utf8(written(Format::Json, BytesAs::Text)).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = serde_json::json!([
            { "text": "tab\there, \"quoted\"\nü", "raw": "\u{fffd},\0", "n": -1, "x": 0.1, "ok": true,
              "at": "1970-01-01T00:00:01.500Z", "list,s": ["a\tb", "\""] },
            { "text": "", "raw": null, "n": i64::MIN, "x": null, "ok": false, "at": "1970-01-01T00:00:00Z", "list,s": [] },
        ]);
        assert_eq!(serde_json::Value::from(lines), expected);
    }

    #[test]
    fn base64_keeps_any_bytes() {
        for format in [Format::Tsv, Format::Csv, Format::Json] {
            let lines = String::from_utf8(written(format, BytesAs::Base64)).unwrap();
            assert!(lines.contains("/ywA"), "{lines}");
        }
    }

    #[test]
    fn no_rows_and_no_columns() {
        let schema = Schema::default();
        let mut builder = FrameBuilder::new(&schema);
        builder.end_rows(2);
        let writer = Writer::new(Format::Json, BytesAs::Text, &schema);
        let mut out = Vec::new();
        writer.rows(&FrameView::parse(builder.finish().unwrap()).unwrap(), &mut out);
        assert_eq!(out, b"{}\n{}\n");
        assert!(Format::from_name("xml").unwrap_err().contains("\"xml\""));
        assert!(BytesAs::from_name("hex").is_err());
    }
}
