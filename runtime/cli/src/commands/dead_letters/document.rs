//! Letters as JSON documents.

use crate::values;
use petrel_frame::{FrameBuf, FrameView};
use petrel_worker::dead_letters::{
    Contents, Damage, Letter, LetterField, LetterInput, LetterPlugin, LetterSource, LetterTimer,
};
use serde::Serialize;
use serde_json::{Map, Value};

/// The document of `petrel dead-letters list`.
#[derive(Serialize)]
pub(super) struct ListDocument<'a> {
    pub(super) topology: &'a str,
    /// How many there are, shown or not.
    pub(super) total: u64,
    pub(super) dropped: u64,
    pub(super) unreadable: u64,
    pub(super) damage: Vec<DamageDocument>,
    pub(super) letters: &'a [SummaryDocument],
}

/// A part of a file that cannot be read.
#[derive(Serialize)]
pub(super) struct DamageDocument {
    file: String,
    offset: u64,
    bytes: u64,
    torn: bool,
}

/// A letter in a list.
#[derive(Serialize)]
pub(super) struct SummaryDocument {
    pub(super) number: u64,
    pub(super) time_us: i64,
    pub(super) component: String,
    pub(super) task: u32,
    pub(super) input: Option<String>,
    pub(super) kind: String,
    pub(super) reason: String,
    pub(super) attempts: u32,
    pub(super) fields: Map<String, Value>,
    pub(super) sources: Vec<LetterSource>,
    pub(super) paths: Vec<Vec<String>>,
}

/// The document of `petrel dead-letters show`.
#[derive(Serialize)]
pub(super) struct LetterDocument {
    number: u64,
    time_us: i64,
    topology: String,
    generation: u64,
    component: String,
    task: u32,
    plugin: LetterPlugin,
    call: String,
    input: Option<LetterInput>,
    timer: Option<LetterTimer>,
    sources: Vec<LetterSource>,
    paths: Vec<Vec<String>>,
    kind: String,
    reason: String,
    backtrace: Vec<String>,
    attempts: u32,
    schema: Vec<LetterField>,
    /// The values, whole. None where the tuple's bytes are no frame of the schema.
    values: Option<Map<String, Value>>,
    /// The frame in hexadecimal digits.
    tuple: String,
}

impl<'a> ListDocument<'a> {
    pub(super) fn of(topology: &'a str, contents: &Contents, letters: &'a [SummaryDocument]) -> ListDocument<'a> {
        ListDocument {
            topology,
            total: contents.letters,
            dropped: contents.dropped,
            unreadable: contents.unreadable,
            damage: contents.damage.iter().map(DamageDocument::from).collect(),
            letters,
        }
    }
}

impl From<&Damage> for DamageDocument {
    fn from(damage: &Damage) -> Self {
        DamageDocument {
            file: damage.path.display().to_string(),
            offset: damage.offset,
            bytes: damage.bytes,
            torn: damage.torn,
        }
    }
}

impl From<Letter> for SummaryDocument {
    fn from(letter: Letter) -> Self {
        SummaryDocument {
            number: letter.number,
            time_us: letter.time_us,
            component: letter.component,
            task: letter.task,
            input: letter.input.map(|input| input.stream),
            kind: letter.kind,
            reason: letter.reason,
            attempts: letter.attempts,
            fields: letter.fields.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
            sources: letter.sources,
            paths: letter.paths,
        }
    }
}

impl From<Letter> for LetterDocument {
    fn from(letter: Letter) -> Self {
        LetterDocument {
            values: values_of(&letter),
            tuple: letter.tuple.iter().map(|byte| format!("{byte:02x}")).collect(),
            number: letter.number,
            time_us: letter.time_us,
            topology: letter.topology,
            generation: letter.generation,
            component: letter.component,
            task: letter.task,
            plugin: letter.plugin,
            call: letter.call,
            input: letter.input,
            timer: letter.timer,
            sources: letter.sources,
            paths: letter.paths,
            kind: letter.kind,
            reason: letter.reason,
            backtrace: letter.backtrace,
            attempts: letter.attempts,
            schema: letter.schema,
        }
    }
}

/// The values of a letter's tuple by the names of its fields.
fn values_of(letter: &Letter) -> Option<Map<String, Value>> {
    let frame = FrameBuf::from(letter.tuple.as_slice());
    let view = FrameView::parse(&frame).ok()?;
    let names = letter.schema.iter().map(|field| &*field.name).zip(0..);
    (view.rows() == 1 && view.columns() == letter.schema.len()).then(|| values::object(&view, 0, names))
}
