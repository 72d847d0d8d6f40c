//! What is kept of a tuple.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A reason longer than this is cut, in bytes. A plugin may panic with anything.
const REASON_BYTES: usize = 16 << 10;

/// A tuple in the dead letters. Components and tasks are named, so that a letter means the same under another assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number in the run's folder, from 1; 0 until it is stored.
    pub number: u64,
    /// When it came here, µs since 1970.
    pub time_us: i64,
    /// The topology that ran.
    pub topology: String,
    /// Of the assignment that ran.
    pub generation: u64,
    /// The component that would not have the tuple.
    pub component: String,
    /// Which of its tasks.
    pub task: u32,
    /// What the component ran.
    pub plugin: LetterPlugin,
    /// The export that was called.
    pub call: String,
    /// Which input the tuple came from.
    pub input: Option<LetterInput>,
    /// What the timer was, where it is one; its tuple is the key it belongs to.
    #[serde(default)]
    pub timer: Option<LetterTimer>,
    /// The tuples of spouts that it came from, where tuples are tracked.
    #[serde(default)]
    pub sources: Vec<LetterSource>,
    /// The tasks that it came through, each as `COMPONENT[TASK]`, where tuples are tracked: one way, or several if it came, or may have
    /// come, on several.
    #[serde(default)]
    pub paths: Vec<Vec<String>>,
    /// `rejected`, or the kind of fault: `trap`, `time-limit`, …
    pub kind: String,
    /// The plugin's own words, or which limit and its value.
    pub reason: String,
    /// Frames of the guest, innermost first. Empty where there are none.
    pub backtrace: Vec<String>,
    /// How often the tuple was tried, over all its letters.
    pub attempts: u32,
    /// The columns of the tuple.
    pub schema: Vec<LetterField>,
    /// The values as a person reads them: long ones are cut.
    pub fields: Vec<(String, String)>,
    /// The tuple itself: a frame of one row, whole.
    #[serde(skip)]
    pub tuple: Vec<u8>,
}

/// The plugin of a component, when the tuple came to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterPlugin {
    /// As the topology names it.
    pub name: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub digest: String,
}

/// The input that a tuple came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterInput {
    /// Its number.
    pub number: u32,
    /// `COMPONENT.STREAM`.
    pub stream: String,
    /// The frame that brought the tuple, as far as it is known.
    pub frame: Option<FrameOrigin>,
}

/// Which frame of which task brought a tuple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameOrigin {
    /// The task of the producer.
    pub task: u32,
    /// The number of the message on its channel.
    pub sequence: u64,
    /// The row in the frame.
    pub row: u32,
}

/// A timer at which a plugin fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterTimer {
    /// The number of the table it belongs to.
    pub table: u32,
    /// The time it was set for, µs since 1970.
    pub time_us: i64,
}

/// A tuple of a spout that another one came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSource {
    /// The component.
    pub spout: String,
    /// Which of its tasks.
    pub task: u32,
    /// Names the tuple among those of the run: the line of its acker, and its number there.
    pub tuple: String,
    /// Where the spout goes on after the frame of that tuple; none if it did not say, or that is not known.
    #[serde(default)]
    pub position: Option<LetterBytes>,
}

/// Bytes of a plugin, as people can read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LetterBytes {
    /// They are text without control characters, JSON for example.
    Text(String),
    /// They are anything else.
    Hex {
        /// Two hexadecimal digits for each.
        hex: String,
    },
}

impl LetterBytes {
    /// Of these bytes.
    pub fn of(bytes: &[u8]) -> LetterBytes {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(char::is_control) => LetterBytes::Text(text.to_owned()),
            _ => LetterBytes::Hex { hex: bytes.iter().map(|byte| format!("{byte:02x}")).collect() },
        }
    }
}

impl fmt::Display for LetterBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LetterBytes::Text(text) => f.write_str(text),
            LetterBytes::Hex { hex } => write!(f, "0x{hex}"),
        }
    }
}

/// A column of a tuple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterField {
    /// Its name.
    pub name: String,
    /// Its type, such as `optional<list<string>>`.
    pub r#type: String,
}

impl Letter {
    /// Cuts what a plugin may have made long.
    pub(crate) fn cut(&mut self) {
        if self.reason.len() > REASON_BYTES {
            let end = self.reason.floor_char_boundary(REASON_BYTES);
            let more = self.reason.len() - end;
            self.reason.truncate(end);
            self.reason.push_str(&format!(" … {more} more bytes"));
        }
    }
}

#[cfg(test)]
impl Letter {
    /// A letter for tests; `text` is its reason, and its tuple is as long as that says.
    pub(crate) fn sample(text: &str, time_us: i64, tuple_bytes: usize) -> Letter {
        Letter {
            number: 0,
            time_us,
            topology: "poison".into(),
            generation: 1,
            component: "split".into(),
            task: 0,
            plugin: LetterPlugin { name: "split".into(), digest: "00".repeat(32) },
            call: "process".into(),
            input: Some(LetterInput {
                number: 0,
                stream: "lines.default".into(),
                frame: Some(FrameOrigin { task: 0, sequence: 7, row: 3 }),
            }),
            timer: None,
            sources: Vec::new(),
            paths: Vec::new(),
            kind: "rejected".into(),
            reason: text.into(),
            backtrace: Vec::new(),
            attempts: 1,
            schema: vec![LetterField { name: "line".into(), r#type: "bytes".into() }],
            fields: vec![("line".into(), "\"storm\"".into())],
            tuple: (0..tuple_bytes).map(|byte| byte as u8).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_text_where_people_can_read_it() {
        for (bytes, shown, json) in [
            (&br#"{"offset":7}"#[..], r#"{"offset":7}"#, r#""{\"offset\":7}""#),
            (&[7, 0, 0xff], "0x0700ff", r#"{"hex":"0700ff"}"#),
            (b"a\x1b[2J", "0x611b5b324a", r#"{"hex":"611b5b324a"}"#),
        ] {
            let told = LetterBytes::of(bytes);
            assert_eq!((told.to_string().as_str(), serde_json::to_string(&told).unwrap().as_str()), (shown, json));
            assert_eq!(serde_json::from_str::<LetterBytes>(json).unwrap(), told);
        }
    }

    /// Letters of versions that knew nothing of them are read.
    #[test]
    fn a_letter_without_positions_and_paths_is_read() {
        let letter = Letter {
            sources: vec![LetterSource { spout: "lines".into(), task: 0, tuple: "0.7".into(), position: None }],
            ..Letter::sample("x", 0, 0)
        };
        let mut facts = serde_json::to_value(&letter).unwrap();
        facts.as_object_mut().unwrap().remove("paths").unwrap();
        facts["sources"][0].as_object_mut().unwrap().remove("position").unwrap();
        assert_eq!(serde_json::from_value::<Letter>(facts).unwrap(), letter);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let mut letter = Letter::sample(&"é".repeat(10_000), 0, 0);
        letter.cut();
        assert!(letter.reason.ends_with("é … 3616 more bytes"), "{}", &letter.reason[letter.reason.len() - 40..]);
        let short = Letter::sample("storm", 0, 0);
        let mut same = short.clone();
        same.cut();
        assert_eq!(same, short);
    }
}
