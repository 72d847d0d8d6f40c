//! What spouts can do, seen through the testing module.

use petrel_sdk::batch::{BatchSpout, SourceOutputs};
use petrel_sdk::testing::SpoutTest;
use petrel_sdk::{
    Config, ConfigError, ConfigKey, ConfigKind, Context, Description, Error, Field, Next, Output, OutputStream, Scalar,
    Schema, Spout, Timestamp, Tuple, host, serde_json::json, spout,
};
use std::time::Duration;

#[derive(Tuple, Debug, PartialEq)]
struct Number {
    number: i64,
    #[tuple(event_time)]
    at: Timestamp,
}

#[derive(Config)]
struct Settings {
    /// Where it ends.
    end: Option<i64>,
}

mod short_form {
    use super::*;

    #[spout]
    fn count(position: &mut i64, settings: &Settings, out: &mut Output<Number>) -> Next {
        if settings.end == Some(*position) {
            return Next::End;
        }
        out.emit(Number { number: *position, at: Timestamp(*position) });
        *position += 1;
        Next::More
    }

    #[test]
    fn it_goes_on_from_what_was_emitted_last() {
        let mut test = SpoutTest::<count>::new().config(json!({ "end": 5 }));
        assert_eq!(test.next(2), Next::More);
        test.restart();
        assert_eq!(test.drain(), Next::End);
        let numbers: Vec<i64> = test.emitted::<Number>().iter().map(|number| number.number).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        assert_eq!(test.frame_rows(), [2, 3]);
    }

    #[test]
    fn a_batch_is_no_larger_than_asked_for() {
        let mut test = SpoutTest::<count>::new().max_bytes(64);
        assert_eq!(test.next(1_000), Next::More);
        assert_eq!(test.frame_rows(), [4]);
    }
}

mod event_time {
    use super::*;

    #[spout]
    fn odd(position: &mut i64, out: &mut Output<Number>) -> Next {
        if *position % 2 == 1 {
            out.emit(Number { number: *position, at: Timestamp(*position * 10) });
        }
        out.set_watermark(Timestamp(*position * 10));
        *position += 1;
        Next::Idle(Timestamp(0))
    }

    #[test]
    fn a_watermark_goes_on_without_tuples() {
        let mut test = SpoutTest::<odd>::new();
        for _ in 0..3 {
            test.next(10);
        }
        assert_eq!(test.frame_rows(), [0, 1, 0]);
        assert_eq!(test.watermark(), Some(Timestamp(20)));
        test.restart();
        test.next(10);
        assert_eq!(test.emitted::<Number>()[1].number, 3);
    }
}

mod replay {
    use super::*;
    use std::collections::BTreeMap;

    /// Emits again what failed.
    #[derive(Default)]
    struct Replaying {
        next: u64,
        failed: Vec<u64>,
        open: BTreeMap<u64, i64>,
    }

    #[spout]
    impl Spout for Replaying {
        type Output = Output<Number>;
        type Position = u64;

        fn open(_: &Context, (): (), position: Option<u64>) -> Result<Self, Error> {
            Ok(Replaying { next: position.unwrap_or(0), ..Replaying::default() })
        }

        fn next(&mut self, out: &mut Output<Number>) -> Result<Next, Error> {
            let id = match self.failed.pop() {
                Some(id) => id,
                None if self.next == 3 => return Ok(Next::Idle(Timestamp::now() + Duration::from_secs(1))),
                None => {
                    self.next += 1;
                    self.next - 1
                }
            };
            self.open.insert(id, id as i64);
            out.emit_with_id(id, Number { number: self.open[&id], at: Timestamp(0) });
            Ok(Next::More)
        }

        fn position(&self) -> u64 {
            self.next
        }

        fn ack(&mut self, id: u64) {
            self.open.remove(&id);
        }

        fn fail(&mut self, id: u64) {
            self.failed.push(id);
        }
    }

    #[test]
    fn what_failed_is_emitted_again_under_its_id() {
        let mut test = SpoutTest::<Replaying>::new().tracking(true);
        assert_eq!(test.drain(), Next::Idle(Timestamp(1_000_000)));
        test.ack(&[0, 2]);
        test.fail(&[1]);
        test.drain();
        assert_eq!(test.ids(), [0, 1, 2, 1]);
    }

    #[test]
    fn without_tracking_there_are_no_ids() {
        let mut test = SpoutTest::<Replaying>::new();
        test.drain();
        assert_eq!(test.ids(), [] as [u64; 0]);
    }
}

/// Emits a file byte by byte, two of them in each frame.
struct Bytes {
    offset: u64,
}

impl BatchSpout for Bytes {
    fn config_keys() -> Vec<ConfigKey> {
        vec![ConfigKey::required("path", ConfigKind::PathRead, "What is read.")]
    }

    fn describe(_: &petrel_sdk::serde_json::Value) -> Result<Description, ConfigError> {
        let schema = Schema::new([Field::new("byte", Scalar::I64)]);
        Ok(Description { outputs: vec![OutputStream::default_stream(schema)], ..Description::default() })
    }

    fn open(_: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let offset = position.map(|bytes| bytes.try_into().map(u64::from_le_bytes)).transpose()?.unwrap_or(0);
        Ok(Bytes { offset })
    }

    fn next(&mut self, _: usize, _: usize, out: &mut SourceOutputs) -> Result<Next, Error> {
        for _ in 0..2 {
            let bytes = host::files::read("path", 0, self.offset, 2)?;
            bytes.iter().for_each(|byte| out.builder(0).column(0).push_i64(i64::from(*byte)));
            self.offset += bytes.len() as u64;
            if bytes.is_empty() {
                return Ok(Next::End);
            }
            out.flush(&self.position())?;
        }
        Ok(Next::More)
    }

    fn position(&self) -> Vec<u8> {
        self.offset.to_le_bytes().to_vec()
    }
}

petrel_sdk::export_batch_spout!(Bytes);

#[test]
fn whole_frames_and_files() {
    let mut test = SpoutTest::<Bytes>::batch().config(json!({ "path": "x" })).file("path", "x", "abcde");
    assert_eq!(test.next(1), Next::More);
    test.restart();
    assert_eq!(test.next(1), Next::End);
    assert_eq!(test.frame_rows(), [2, 2, 1]);
    assert_eq!(test.emitted_rows("default")[4].get("byte"), Some(&i64::from(b'e').into()));
}

#[test]
fn a_required_key_must_be_set() {
    let mut test = SpoutTest::<Bytes>::batch();
    assert_eq!(test.try_open().unwrap_err().message(), "config.path: must be set");
}

mod silence {
    use super::*;

    #[derive(Tuple)]
    struct Byte {
        byte: i64,
    }

    /// A byte of standard input a call.
    struct Bytes {
        at: u64,
    }

    #[derive(Config)]
    struct FromInput {
        /// Where the bytes come from.
        #[config(stdin)]
        #[allow(dead_code, reason = "it is named, not read")]
        input: bool,
    }

    #[spout]
    impl Spout for Bytes {
        type Config = FromInput;
        type Output = Output<Byte>;
        type Position = u64;

        fn open(_: &Context, _: FromInput, position: Option<u64>) -> Result<Self, Error> {
            Ok(Bytes { at: position.unwrap_or(0) })
        }

        fn next(&mut self, out: &mut Output<Byte>) -> Result<Next, Error> {
            match host::files::read_ready("input", 0, self.at, 1)?.as_deref() {
                None => Ok(Next::Idle(host::now() + Duration::from_millis(1))),
                Some([byte]) => {
                    self.at += 1;
                    out.emit(Byte { byte: i64::from(*byte) });
                    Ok(Next::More)
                }
                Some(_) => Ok(Next::End),
            }
        }

        fn position(&self) -> u64 {
            self.at
        }
    }

    #[test]
    fn what_was_gathered_goes_out_before_a_silent_source_is_waited_for() {
        let mut test = SpoutTest::<Bytes>::new().config(json!({ "input": true })).pipe("input");
        assert_eq!(test.next(100), Next::Idle(Timestamp(1_000)));
        test.feed("input", "ab");
        // One call of the host, three of the spout: the two tuples are out, with the position after them.
        assert_eq!(test.next(100), Next::Idle(Timestamp(1_000)));
        assert_eq!((test.frame_rows(), test.position()), (vec![2], Some(b"2".to_vec())));
        test.restart();
        test.feed("input", "c");
        test.close("input");
        assert_eq!(test.next(100), Next::End);
        assert_eq!(test.emitted::<Byte>().iter().map(|tuple| tuple.byte).collect::<Vec<_>>(), [97, 98, 99]);
    }
}
