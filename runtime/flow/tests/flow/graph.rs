//! Assignments and frames for tests, in few words.

use petrel_flow::{Emitted, Frame, Origin};
use petrel_frame::{Field, FrameBuf, FrameBuilder, Scalar, Schema, Value};
use petrel_model::{
    Acking, Assignment, Component, ComponentIndex, ComponentName, DeadLetterLimits, Digest, Generation, Grants,
    Grouping, Guarantee, Input, Limits, OutputIndex, OutputStream, StreamName, TableSpec, TaskId, TaskIndex,
    TopologyName, World,
};

pub(crate) fn word_schema() -> Schema {
    Schema::new([Field::new("word", Scalar::String)])
}

pub(crate) fn number_schema() -> Schema {
    Schema::new([Field::new("number", Scalar::I64)])
}

pub(crate) fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Frame {
    rows(&word_schema(), words.into_iter().map(|word| vec![Value::String(word)]))
}

pub(crate) fn numbers(numbers: impl IntoIterator<Item = i64>) -> Frame {
    rows(&number_schema(), numbers.into_iter().map(|number| vec![Value::I64(number)]))
}

pub(crate) fn rows<'a>(schema: &Schema, rows: impl IntoIterator<Item = Vec<Value<'a>>>) -> Frame {
    with_watermark(schema, rows, i64::MIN)
}

pub(crate) fn with_watermark<'a>(
    schema: &Schema,
    rows: impl IntoIterator<Item = Vec<Value<'a>>>,
    watermark_us: i64,
) -> Frame {
    let mut builder = FrameBuilder::new(schema);
    for row in rows {
        builder.push_row(&row).unwrap();
    }
    builder.set_watermark(watermark_us);
    let mut bytes = FrameBuf::new();
    builder.finish_into(&mut bytes).unwrap();
    Frame::validate(bytes).unwrap()
}

pub(crate) fn words_of(frame: &Frame) -> Vec<String> {
    let view = frame.view();
    (0..view.rows()).map(|row| String::from_utf8(view.column(0).bytes_at(row).to_vec()).unwrap()).collect()
}

pub(crate) fn numbers_of(frame: &Frame) -> Vec<i64> {
    frame.view().column(0).i64s().unwrap().to_vec()
}

pub(crate) fn emit(output: u32, frame: Frame) -> Emitted {
    Emitted { output, direct: None, frame, origin: Origin::Anchors(Vec::new()) }
}

pub(crate) fn task(component: u32, task: u32) -> TaskId {
    TaskId { component: ComponentIndex(component), task: TaskIndex(task) }
}

fn component(name: &str, world: World, parallelism: u32, output: Option<Schema>) -> Component {
    Component {
        name: ComponentName::from(name),
        plugin: Digest([0; 32]),
        world,
        parallelism,
        configuration: "{}".to_string(),
        grants: Grants::default(),
        limits: Limits::default(),
        tick_ms: 0,
        inputs: Vec::new(),
        on_reject: None,
        outputs: Vec::from_iter(output.map(|schema| OutputStream {
            name: "default".to_string(),
            schema,
            direct: false,
            event_time: None,
        })),
        tables: Vec::new(),
        state_key: Vec::new(),
    }
}

/// A topology in the making: components are numbered in the order in which they are added.
#[derive(Default)]
pub(crate) struct Graph(Vec<Component>);

impl Graph {
    pub(crate) fn spout(mut self, name: &str, parallelism: u32, output: Schema) -> Graph {
        self.0.push(component(name, World::Spout, parallelism, Some(output)));
        self
    }

    pub(crate) fn bolt(mut self, name: &str, parallelism: u32, output: Option<Schema>) -> Graph {
        self.0.push(component(name, World::Bolt, parallelism, output));
        self
    }

    /// An input of the component added last, with all columns.
    pub(crate) fn reads(self, from: u32, grouping: Grouping) -> Graph {
        let columns = (0..self.0[from as usize].outputs[0].schema.fields.len()).collect();
        self.reads_columns(from, grouping, columns)
    }

    pub(crate) fn reads_columns(mut self, from: u32, grouping: Grouping, columns: Vec<usize>) -> Graph {
        let producer = &self.0[from as usize].outputs[0].schema;
        let key = match &grouping {
            Grouping::Fields(key) | Grouping::PartialKey(key) => {
                key.iter().map(|column| producer.fields[*column].name.clone()).collect()
            }
            _ => Vec::new(),
        };
        let schema = Schema::new(columns.iter().map(|column| producer.fields[*column].clone()).collect::<Vec<_>>());
        let stream = StreamName::from("default");
        let input =
            Input { from: ComponentIndex(from), output: OutputIndex(0), stream, grouping, key, columns, schema };
        self.0.last_mut().unwrap().inputs.push(input);
        self
    }

    pub(crate) fn keeps(mut self, tables: Vec<TableSpec>, key: &[&str]) -> Graph {
        let last = self.0.last_mut().unwrap();
        last.tables = tables;
        last.state_key = key.iter().map(|name| name.to_string()).collect();
        self
    }

    pub(crate) fn ticks(mut self, tick_ms: u64) -> Graph {
        self.0.last_mut().unwrap().tick_ms = tick_ms;
        self
    }

    pub(crate) fn build(self) -> Assignment {
        let tasks =
            self.0.iter().enumerate().flat_map(|(number, component)| {
                (0..component.parallelism).map(move |index| task(number as u32, index))
            });
        Assignment {
            topology: TopologyName::from("test"),
            generation: Generation(7),
            guarantee: Guarantee::BestEffort,
            acking: Acking::default(),
            dead_letters: DeadLetterLimits::default(),
            tasks: tasks.collect(),
            components: self.0,
        }
    }
}
