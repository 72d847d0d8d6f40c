//! Where a dead letter belongs that is to be tried again.

use crate::dead_letters::{Letter, LetterField, LetterTimer};
use crate::redelivery::CannotRedeliver;
use petrel_flow::{Frame, Redelivered, TupleTimer};
use petrel_frame::{Field, FrameBuf, FrameError, FrameView, Schema};
use petrel_model::{
    Assignment, Component, ComponentIndex, Edge, Grouping, Input, InputIndex, TaskId, TaskIndex, World,
};
use petrel_model::{key_bytes, key_group, nearest, owner};

/// Where it belongs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// To that task.
    Task(TaskId, Redelivered),
    /// To the one that a plugin chooses.
    Choice(Box<Choice>),
}

/// A tuple for which the plugin of a grouping failed, and what it takes to ask it again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    /// Who emitted the tuple.
    pub(crate) producer: ComponentIndex,
    /// Who is to get it,
    pub(crate) consumer: ComponentIndex,
    /// as its input of that number,
    pub(crate) input: InputIndex,
    /// in one of so many tasks.
    pub(crate) tasks: u32,
    /// The columns that the plugin reads.
    pub(crate) question: Frame,
    /// The columns that the consumer reads.
    pub(crate) tuple: Frame,
}

impl Choice {
    /// Whose grouping it is.
    pub(crate) fn edge(&self) -> Edge {
        Edge { to: self.consumer, input: self.input }
    }
}

/// Where a letter belongs in an assignment.
///
/// # Errors
/// What of the letter does not fit into it.
pub(crate) fn place(assignment: &Assignment, letter: &Letter) -> Result<Place, CannotRedeliver> {
    let component = &letter.component;
    let names = || assignment.components.iter().map(|component| component.name.as_str());
    let Some(index) = names().position(|name| name == component) else {
        let near = nearest(component, names());
        let hint = near.map_or_else(String::new, |near| format!(" any more: is it {near} now?"));
        return Err(CannotRedeliver::NoComponent { component: component.clone(), hint });
    };
    let (consumer, index) = (&assignment.components[index], ComponentIndex(index as u32));
    if let Some(timer) = letter.timer {
        return place_timer(consumer, index, letter, timer);
    }
    let stream = letter.input.as_ref().map(|input| input.stream.clone()).unwrap_or_default();
    let reads = |input: &Input| format!("{}.{}", assignment.component(input.from).name, input.stream) == stream;
    let number = letter.input.as_ref().map(|input| input.number as usize);
    // A stream may be read twice: then its number tells which.
    let mut inputs = (0..consumer.inputs.len()).filter(|input| reads(&consumer.inputs[*input]));
    let found = number.filter(|number| consumer.inputs.get(*number).is_some_and(reads)).or_else(|| inputs.next());
    let Some(number) = found.filter(|_| consumer.world == World::Bolt) else {
        return Err(CannotRedeliver::NoInput { component: component.clone(), stream });
    };
    let input = &consumer.inputs[number];
    // A tuple at which a grouping failed has all columns of its stream: the plugin may read others than the consumer.
    let is_choice = letter.call == "choose";
    let producer = assignment.component(input.from);
    let schema = if is_choice { &producer.outputs[input.output.0 as usize].schema } else { &input.schema };
    if !is_of(&schema.fields, &letter.schema) {
        let (now, then) = (columns(&schema.fields), then(letter));
        let component = component.clone();
        return Err(CannotRedeliver::OtherColumns { component, stream, now, then });
    }
    let tuple = one_row(letter, schema)?;
    let number = InputIndex(number as u32);
    if is_choice {
        let Grouping::Custom { columns, .. } = &input.grouping else {
            return Err(CannotRedeliver::NoGrouping { component: component.clone(), stream });
        };
        return Ok(Place::Choice(Box::new(Choice {
            producer: input.from,
            consumer: index,
            input: number,
            tasks: consumer.parallelism,
            question: projected(&tuple, columns)?,
            tuple: projected(&tuple, &input.columns)?,
        })));
    }
    let task = task_of(input, &tuple.view(), letter.task, consumer.parallelism);
    Ok(Place::Task(TaskId { component: index, task }, Redelivered::Tuple { input: number, tuple }))
}

/// A timer belongs to the task that has the state of its key.
fn place_timer(
    consumer: &Component,
    index: ComponentIndex,
    letter: &Letter,
    timer: LetterTimer,
) -> Result<Place, CannotRedeliver> {
    let fields = timer_key(consumer);
    if consumer.world != World::Bolt || timer.table as usize >= consumer.tables.len() || !is_of(&fields, &letter.schema)
    {
        let component = letter.component.clone();
        return Err(CannotRedeliver::NoTable { component, table: timer.table, key: then(letter) });
    }
    let key = one_row(letter, &Schema::new(fields))?;
    let is_keyed = |input: &&Input| matches!(input.grouping, Grouping::Fields(_)) && !input.key.is_empty();
    let by_key = consumer.inputs.iter().find(is_keyed).and_then(|input| {
        let position = |name: &String| consumer.state_key.iter().position(|field| field == name);
        input.key.iter().map(position).collect::<Option<Vec<usize>>>()
    });
    let task = match by_key {
        Some(columns) => owner_of(&key.view(), &columns, consumer.parallelism),
        None => TaskIndex(letter.task % consumer.parallelism.max(1)),
    };
    let timer = TupleTimer { table: timer.table, time_us: timer.time_us };
    Ok(Place::Task(TaskId { component: index, task }, Redelivered::Timer { timer, key }))
}

/// The columns of the key of a component's timers.
pub(crate) fn timer_key(component: &Component) -> Vec<Field> {
    let field = |name: &String| Some(component.inputs.first()?.schema.field(name)?.clone().optional());
    component.state_key.iter().filter_map(field).collect()
}

/// The task that has the state of a tuple's key, where the input is grouped by it; else the task that had the tuple, as far as
/// there are so many now.
fn task_of(input: &Input, tuple: &FrameView<'_>, had_it: u32, parallelism: u32) -> TaskIndex {
    if let Grouping::Fields(_) = input.grouping {
        let columns: Option<Vec<usize>> = input.key.iter().map(|name| input.schema.position(name)).collect();
        // A plugin need not read the key; it has no state by it then.
        if let Some(columns) = columns.filter(|columns| !columns.is_empty()) {
            return owner_of(tuple, &columns, parallelism);
        }
    }
    TaskIndex(had_it % parallelism.max(1))
}

fn owner_of(row: &FrameView<'_>, columns: &[usize], parallelism: u32) -> TaskIndex {
    let mut key = Vec::new();
    key_bytes(row, columns, 0, &mut key);
    owner(key_group(&key), parallelism)
}

/// The row of a letter, which is to be of that schema.
fn one_row(letter: &Letter, schema: &Schema) -> Result<Frame, CannotRedeliver> {
    let malformed = |error: FrameError| CannotRedeliver::Malformed(error.to_string());
    let tuple = Frame::validate(FrameBuf::from(letter.tuple.as_slice())).map_err(malformed)?;
    tuple.view().expect(schema).map_err(malformed)?;
    match tuple.view().rows() {
        1 => Ok(tuple),
        rows => Err(CannotRedeliver::Malformed(format!("it has {rows} rows instead of one"))),
    }
}

fn projected(tuple: &Frame, columns: &[usize]) -> Result<Frame, CannotRedeliver> {
    let malformed = |error: FrameError| CannotRedeliver::Malformed(error.to_string());
    let bytes = petrel_frame::project(&tuple.view(), columns).map_err(malformed)?;
    Frame::validate(bytes).map_err(malformed)
}

fn is_of(now: &[Field], then: &[LetterField]) -> bool {
    let is = |(now, then): (&Field, &LetterField)| now.name == then.name && now.type_name() == then.r#type;
    now.len() == then.len() && now.iter().zip(then).all(is)
}

fn columns(fields: &[Field]) -> String {
    fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn then(letter: &Letter) -> String {
    letter.schema.iter().map(|field| format!("{}: {}", field.name, field.r#type)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::dead_letters::LetterInput;
    use petrel_frame::{FrameBuilder, Scalar, Value};
    use petrel_model::{
        Acking, DeadLetterLimits, Digest, Generation, Grants, Guarantee, KeyGroup, Limits, OutputIndex, OutputStream,
        TableKind, TableSpec,
    };
    use std::collections::BTreeSet;

    fn component(name: &str, world: World, parallelism: u32, inputs: Vec<Input>) -> Component {
        Component {
            name: name.into(),
            plugin: Digest([0; 32]),
            world,
            parallelism,
            configuration: "{}".into(),
            grants: Grants::default(),
            limits: Limits::default(),
            tick_ms: 0,
            inputs,
            outputs: vec![],
            on_reject: None,
            tables: vec![],
            state_key: vec![],
        }
    }

    /// `words` → `count` with five tasks, by key.
    pub(crate) fn assignment(grouping: Grouping) -> Assignment {
        let key = if let Grouping::Fields(_) = grouping { vec!["word".to_owned()] } else { Vec::new() };
        let input = Input {
            from: ComponentIndex(0),
            output: OutputIndex(0),
            stream: "default".into(),
            grouping,
            key,
            columns: vec![1],
            schema: schema(),
        };
        let (mut words, mut count) =
            (component("words", World::Spout, 1, vec![]), component("count", World::Bolt, 5, vec![input]));
        words.outputs =
            vec![OutputStream { name: "default".into(), schema: stream(), direct: false, event_time: None }];
        count.state_key = vec!["word".to_owned()];
        count.tables = vec![TableSpec {
            name: "counts".into(),
            kind: TableKind::Value,
            subkey: None,
            value: Field::new("count", Scalar::I64),
            version: 1,
        }];
        let tasks = (0..5).map(|task| TaskId { component: ComponentIndex(1), task: TaskIndex(task) });
        Assignment {
            topology: "t".into(),
            generation: Generation(1),
            guarantee: Guarantee::BestEffort,
            acking: Acking::default(),
            dead_letters: DeadLetterLimits::default(),
            components: vec![words, count],
            tasks: tasks.collect(),
        }
    }

    /// What `words` emits: `count` does not read the number.
    fn stream() -> Schema {
        Schema::new([Field::new("number", Scalar::I64), Field::new("word", Scalar::String)])
    }

    pub(crate) fn chosen_by_a_plugin() -> Grouping {
        let schema = Schema::new([Field::new("number", Scalar::I64)]);
        Grouping::Custom { plugin: Digest([7; 32]), configuration: "{}".into(), columns: vec![0], schema }
    }

    /// At which `choose` failed.
    pub(crate) fn unchosen(number: i64, word: &str) -> Letter {
        let mut builder = FrameBuilder::new(&stream());
        builder.push_row(&[Value::I64(number), Value::String(word)]).unwrap();
        let field = |name: &str, r#type: &str| LetterField { name: name.into(), r#type: r#type.into() };
        Letter {
            call: "choose".into(),
            schema: vec![field("number", "i64"), field("word", "string")],
            tuple: builder.finish().unwrap().to_vec(),
            ..letter(&["x"])
        }
    }

    fn timer(word: &str) -> Letter {
        let key = Schema::new([Field::new("word", Scalar::String).optional()]);
        let mut builder = FrameBuilder::new(&key);
        builder.push_row(&[Value::String(word)]).unwrap();
        Letter {
            call: "on-timer".into(),
            input: None,
            timer: Some(LetterTimer { table: 0, time_us: 77 }),
            schema: vec![LetterField { name: "word".into(), r#type: "optional<string>".into() }],
            tuple: builder.finish().unwrap().to_vec(),
            ..letter(&["x"])
        }
    }

    fn placed(grouping: Grouping, letter: &Letter) -> (TaskId, Redelivered) {
        match place(&assignment(grouping), letter) {
            Ok(Place::Task(task, what)) => (task, what),
            other => panic!("{other:?}"),
        }
    }

    fn schema() -> Schema {
        Schema::new([Field::new("word", Scalar::String)])
    }

    pub(crate) fn letter(words: &[&str]) -> Letter {
        let mut builder = FrameBuilder::new(&schema());
        words.iter().for_each(|word| builder.push_row(&[Value::String(word)]).unwrap());
        let tuple = builder.finish().unwrap().to_vec();
        Letter {
            number: 1,
            component: "count".into(),
            task: 8,
            input: Some(LetterInput { number: 0, stream: "words.default".into(), frame: None }),
            schema: vec![LetterField { name: "word".into(), r#type: "string".into() }],
            tuple,
            attempts: 4,
            ..Letter::sample("x", 0, 0)
        }
    }

    fn refused(letter: &Letter) -> String {
        place(&assignment(Grouping::Shuffle), letter).unwrap_err().to_string()
    }

    #[test]
    fn a_key_goes_to_the_task_that_has_its_state_and_everything_else_to_the_number_that_had_it() {
        let task = |grouping, word| placed(grouping, &letter(&[word])).0.task;
        assert_eq!(task(Grouping::Shuffle, "storm"), TaskIndex(8 % 5));
        let owners: BTreeSet<TaskIndex> =
            ["storm", "petrel", "calm", "wind", "gale", "sea"].map(|word| task(Grouping::Fields(vec![0]), word)).into();
        assert!(owners.len() > 1, "{owners:?}");
        let key = [&[Scalar::String as u8, 5, 0, 0, 0][..], b"storm"].concat();
        let group: KeyGroup = key_group(&key);
        assert_eq!(task(Grouping::Fields(vec![0]), "storm"), owner(group, 5));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let good = letter(&["storm"]);
        let with = |change: fn(&mut Letter)| {
            let mut letter = good.clone();
            change(&mut letter);
            refused(&letter)
        };
        let tuple = Frame::validate(FrameBuf::from(good.tuple.as_slice())).unwrap();
        assert_eq!(placed(Grouping::Shuffle, &good).1, Redelivered::Tuple { input: InputIndex(0), tuple });
        assert!(with(|it| it.component = "coutn".into()).contains("is it count now?"));
        assert!(with(|it| it.component = "words".into()).contains("words does not read words.default"));
        assert!(with(|it| it.input = None).contains("does not read"));
        let other = with(|it| it.schema[0].r#type = "bytes".into());
        assert!(other.contains("as (word: string), and the letter is (word: bytes)"), "{other}");
        assert!(with(|it| it.tuple.truncate(9)).contains("cannot be read"));
        assert!(refused(&letter(&["a", "b"])).contains("2 rows instead of one"));
    }

    #[test]
    fn an_input_that_moved_is_found_by_its_stream() {
        let mut moved = letter(&["storm"]);
        moved.input.as_mut().unwrap().number = 7;
        let (_, what) = placed(Grouping::Shuffle, &moved);
        assert!(matches!(what, Redelivered::Tuple { input: InputIndex(0), .. }), "{what:?}");
    }

    #[test]
    fn a_timer_goes_to_the_task_that_has_the_state_of_its_key() {
        for word in ["storm", "petrel", "calm"] {
            let (of_tuple, _) = placed(Grouping::Fields(vec![0]), &letter(&[word]));
            let (task, what) = placed(Grouping::Fields(vec![0]), &timer(word));
            assert_eq!(task, of_tuple, "{word}");
            let Redelivered::Timer { timer, key } = what else { panic!("{what:?}") };
            assert_eq!(timer, TupleTimer { table: 0, time_us: 77 });
            assert_eq!(key.view().column(0).value(0), Value::String(word));
        }
        assert_eq!(
            placed(Grouping::Shuffle, &timer("storm")).0.task,
            TaskIndex(8 % 5),
            "where its state is not by key"
        );
        let unknown = |change: fn(&mut Letter)| {
            let mut letter = timer("storm");
            change(&mut letter);
            refused(&letter)
        };
        assert!(unknown(|it| it.timer.as_mut().unwrap().table = 1).contains("count has no table 1 with timers by"));
        assert!(unknown(|it| it.schema[0].name = "term".into()).contains("by (term: optional<string>) any more"));
        assert!(unknown(|it| it.component = "words".into()).contains("no table"), "a spout has none");
        assert!(unknown(|it| it.tuple.truncate(9)).contains("cannot be read"));
    }

    #[test]
    fn a_tuple_without_a_task_is_told_apart_for_the_plugin_and_for_the_consumer() {
        let Ok(Place::Choice(choice)) = place(&assignment(chosen_by_a_plugin()), &unchosen(37, "storm")) else {
            panic!()
        };
        assert_eq!((choice.producer, choice.consumer), (ComponentIndex(0), ComponentIndex(1)));
        assert_eq!((choice.input, choice.tasks), (InputIndex(0), 5));
        assert_eq!(choice.question.view().column(0).value(0), Value::I64(37));
        assert_eq!(choice.tuple.view().column(0).value(0), Value::String("storm"));
        assert_eq!((choice.question.view().columns(), choice.tuple.view().columns()), (1, 1));
        assert!(refused(&unchosen(37, "storm")).contains("no plugin chooses the tasks of count for words.default"));
        // Of an earlier version, or of another topology.
        let consumers = Letter { call: "choose".into(), ..letter(&["storm"]) };
        assert!(refused(&consumers).contains("as (number: i64, word: string), and the letter is (word: string)"));
    }
}
