//! Bolts at the whole-frame level, seen through the testing module.

use petrel_sdk::batch::{BatchBolt, BatchState, Outputs};
use petrel_sdk::testing::BoltTest;
use petrel_sdk::{
    ConfigError, Context, Description, Error, Field, FrameView, InputStream, OutputStream, Scalar, Schema, TableSpec,
    Tuple, split,
};

#[derive(Tuple)]
struct Line<'a> {
    line: &'a str,
}

#[derive(Tuple)]
struct Word<'a> {
    word: &'a str,
}

fn one(inputs: &[InputStream]) -> Result<&InputStream, ConfigError> {
    match inputs {
        [input] => Ok(input),
        _ => Err(ConfigError::general(format!("takes one input, not {}", inputs.len()))),
    }
}

struct Split;

impl BatchBolt for Split {
    fn describe(_: &petrel_sdk::serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let line = one(inputs)?.schema.field("line").ok_or_else(|| ConfigError::general("there is no field `line`"))?;
        let word = Schema::new([Field::new("word", line.scalar)]);
        Ok(Description {
            inputs: vec![Schema::new([line.clone()])],
            outputs: vec![OutputStream::default_stream(word)],
            ..Description::default()
        })
    }

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Split)
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        _: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        split::emit_words(&frame.column(0), out.stream(0));
        Ok(())
    }
}

#[test]
fn lines_are_split_with_and_without_tracking() {
    for tracking in [false, true] {
        let mut test = BoltTest::<Split>::batch().input::<Line>("lines").tracking(tracking);
        test.send(["in the  storm", "", " a bird "].map(|line| Line { line }));
        let words: Vec<&str> = test.emitted::<Word>().iter().map(|word| word.word).collect();
        assert_eq!(words, ["in", "the", "storm", "a", "bird"]);
        let anchors: &[u32] = if tracking { &[0, 3, 0, 2] } else { &[] };
        assert_eq!(test.anchors("default"), [anchors]);
    }
}

#[test]
fn a_line_beyond_measure_is_split_over_frames() {
    for tracking in [false, true] {
        let line = "ab ".repeat(300_000);
        let mut test = BoltTest::<Split>::batch().input::<Line>("lines").tracking(tracking);
        test.send(["x", &line, "y"].map(|line| Line { line }));
        let words = test.emitted::<Word>();
        assert_eq!((words.len(), words[0].word, words[300_000].word, words[300_001].word), (300_002, "x", "ab", "y"));
        assert!(test.anchors("default").len() > 5);
    }
}

struct Count(Vec<i64>);

impl BatchBolt for Count {
    fn describe(_: &petrel_sdk::serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        let input = one(inputs)?;
        Ok(Description {
            inputs: vec![input.schema.clone()],
            tables: vec![TableSpec::value("count", Scalar::I64)],
            state_key: input.key.clone(),
            ..Description::default()
        })
    }

    fn open(_: &Context) -> Result<Self, Error> {
        Ok(Count(Vec::new()))
    }

    fn process(
        &mut self,
        _: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        state.read_i64s(0, 0, &mut self.0);
        for (row, key) in state.key_of_row().iter().enumerate() {
            self.0[*key as usize] += 1;
            if frame.column(0).bytes_at(row) == b"bad" {
                out.reject(row, "bad");
            }
        }
        state.put_i64s(0, &self.0)
    }
}

#[test]
fn values_travel_with_the_batch() {
    let mut test = BoltTest::<Count>::batch().input::<Word>("words").key(["word"]);
    test.send(["a", "b", "bad", "a"].map(|word| Word { word }));
    test.send(["a"].map(|word| Word { word }));
    assert_eq!(test.value::<i64>("count", ["a"]), Some(3));
    assert_eq!(test.value::<i64>("count", ["b"]), Some(1));
    assert_eq!(test.value::<i64>("count", ["bad"]), None);
    assert_eq!(test.rejected().len(), 1);
}
