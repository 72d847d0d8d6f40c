use super::*;
use petrel_frame::Scalar;
use petrel_model::{OutputStream, TableSpec};

fn schema(fields: &[(&str, Scalar)]) -> Schema {
    Schema { fields: fields.iter().map(|(name, scalar)| Field::new(*name, *scalar)).collect() }
}

fn inputs() -> Vec<InputStream> {
    let schema = schema(&[("word", Scalar::String), ("n", Scalar::F64)]);
    vec![InputStream { stream: "split.default".into(), schema, key: Vec::new() }]
}

fn good() -> Description {
    Description {
        inputs: vec![schema(&[("word", Scalar::String), ("n", Scalar::F64)])],
        outputs: vec![OutputStream {
            name: "default".into(),
            schema: schema(&[("word", Scalar::String), ("at", Scalar::Timestamp)]),
            direct: false,
            event_time: Some("at".into()),
        }],
        tables: vec![TableSpec {
            name: "counts".into(),
            kind: TableKind::Value,
            subkey: None,
            value: Field::new("count", Scalar::I64),
            version: 1,
        }],
        state_key: vec!["word".into()],
        capabilities: Vec::new(),
    }
}

fn refusal(change: impl FnOnce(&mut Description)) -> String {
    let mut description = good();
    change(&mut description);
    check(&description, &["split.default".into()], &inputs()).unwrap_err()
}

#[test]
fn a_sound_description_passes() {
    check(&good(), &["split.default".into()], &inputs()).unwrap();
}

#[test]
fn nonsense_is_named() {
    type Change = fn(&mut Description);
    let cases: [(&str, Change); 10] = [
        ("two of its outputs are called \"default\"", |d| d.outputs.push(d.outputs[0].clone())),
        ("no name for a output", |d| d.outputs[0].name = "a\nb".into()),
        ("no name for a table", |d| d.tables[0].name = String::new()),
        ("which is no field", |d| d.outputs[0].event_time = Some("when".into())),
        ("is a timestamp, not word: string", |d| d.outputs[0].event_time = Some("word".into())),
        ("at most 1024", |d| {
            d.outputs[0].schema = Schema { fields: (0..1025).map(|i| Field::new(i.to_string(), Scalar::I64)).collect() }
        }),
        ("does not read of input", |d| d.state_key = vec!["letter".into()]),
        ("neither f64 nor a list", |d| d.state_key = vec!["n".into()]),
        ("keeps lists of a scalar", |d| {
            d.tables[0].kind = TableKind::List;
            d.tables[0].value.list = true;
        }),
        ("300 tables", |d| d.tables = vec![d.tables[0].clone(); 300]),
    ];
    for (expected, change) in cases {
        let message = refusal(change);
        assert!(message.contains(expected), "{expected}: {message}");
    }
}

#[test]
fn inputs_are_answered_one_by_one_in_order() {
    let message = check(&good(), &[], &inputs()).unwrap_err();
    assert!(message.contains("0 inputs, and has 1"), "{message}");
    let message = check(&good(), &["other".into()], &inputs()).unwrap_err();
    assert!(message.contains("the order is that of the inputs"), "{message}");
}
