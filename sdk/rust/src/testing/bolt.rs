//! Driving a bolt.

use super::block;
use super::emissions;
use super::host::{Emitted, TestHost};
use super::store::{Key, Store, finish};
use crate::batch::BatchBolt;
use crate::batch::instance::BoltInstance;
use crate::bolt::{Bolt, TypedBolt};
use crate::context::Context;
use crate::describe::{ConfigError, ConfigKey, Description, InputStream};
use crate::error::Error;
use crate::host::{Clock, native};
use crate::inputs::Inputs;
use crate::time::Timestamp;
use crate::tuple::{DynamicTuple, OwnedValue, Tuple};
use petrel_frame::{Field, FrameBuf, FrameBuilder, FrameView, Schema};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

/// A tuple that the bolt rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The tuple.
    pub tuple: DynamicTuple,
    /// The bolt's reason.
    pub reason: String,
}

/// A tuple that the bolt wants to have again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retried {
    /// The tuple.
    pub tuple: DynamicTuple,
    /// When it comes again: [`BoltTest::advance`] brings it.
    pub due: Timestamp,
    /// The bolt's reason.
    pub reason: String,
    input: usize,
}

/// Drives a bolt and shows what it did. See the [module](super).
///
/// It is opened by the first call, or by [`try_open`](BoltTest::try_open).
pub struct BoltTest<B> {
    plugin: Plugin,
    configuration: serde_json::Value,
    inputs: Vec<InputStream>,
    key: Vec<String>,
    tracking: bool,
    pub(super) description: Description,
    pub(super) host: Rc<RefCell<TestHost>>,
    instance: Option<Box<dyn Calls>>,
    pub(super) emitted: Vec<Emitted>,
    pub(super) rejected: Vec<Rejected>,
    pub(super) retried: Vec<Retried>,
    bolt: PhantomData<fn(B)>,
}

/// The functions of a bolt, whichever trait it has.
struct Plugin {
    config_keys: fn() -> Vec<ConfigKey>,
    describe: fn(&serde_json::Value, &[InputStream]) -> Result<Description, ConfigError>,
    open: fn(&Context) -> Result<Box<dyn Calls>, Error>,
}

impl Plugin {
    fn of<B: BatchBolt>() -> Plugin {
        Plugin {
            config_keys: B::config_keys,
            describe: B::describe,
            open: |context| Ok(Box::new(BoltInstance::<B>::open(context)?)),
        }
    }
}

/// The calls of an opened bolt.
trait Calls {
    fn process(&mut self, input: u32, frame: &[u8], state: &[u8]) -> Result<(), Error>;
    fn on_timer(&mut self, table: u32, keys: &[u8], times: &[i64], state: &[u8]) -> Result<(), Error>;
    fn on_tick(&mut self, now_us: i64, state: &[u8]) -> Result<(), Error>;
    fn on_end(&mut self, input: u32, state: &[u8]) -> Result<(), Error>;
}

impl<B: BatchBolt> Calls for BoltInstance<B> {
    fn process(&mut self, input: u32, frame: &[u8], state: &[u8]) -> Result<(), Error> {
        self.process(input, frame, state)
    }

    fn on_timer(&mut self, table: u32, keys: &[u8], times: &[i64], state: &[u8]) -> Result<(), Error> {
        self.on_timer(table, keys, times, state)
    }

    fn on_tick(&mut self, now_us: i64, state: &[u8]) -> Result<(), Error> {
        self.on_tick(now_us, state)
    }

    fn on_end(&mut self, input: u32, state: &[u8]) -> Result<(), Error> {
        self.on_end(input, state)
    }
}

impl<B: Bolt> BoltTest<B> {
    /// A test of a [`Bolt`]. If it reads one kind of tuple, it has one input, `input.default`, unless
    /// [`input`](BoltTest::input) says otherwise.
    #[allow(clippy::new_without_default)]
    pub fn new() -> BoltTest<B> {
        let mut test = BoltTest::with(Plugin::of::<TypedBolt<B>>());
        test.key = B::KEY.iter().map(|key| (*key).to_owned()).collect();
        let any = InputStream { stream: "input.default".into(), schema: Schema::default(), key: test.key.clone() };
        if let (Ok(variant), None) = (B::Input::variant(&any), B::Input::schema(1)) {
            test.inputs = B::Input::schema(variant).map(|schema| InputStream { schema, ..any }).into_iter().collect();
        }
        test
    }
}

impl<B: BatchBolt> BoltTest<B> {
    /// A test of a [`BatchBolt`]. Give it inputs with [`input`](BoltTest::input) or
    /// [`input_of`](BoltTest::input_of).
    pub fn batch() -> BoltTest<B> {
        BoltTest::with(Plugin::of::<B>())
    }
}

/// Before the bolt is opened.
impl<B> BoltTest<B> {
    fn with(plugin: Plugin) -> BoltTest<B> {
        BoltTest {
            plugin,
            configuration: serde_json::Value::Object(serde_json::Map::new()),
            inputs: Vec::new(),
            key: Vec::new(),
            tracking: false,
            description: Description::default(),
            host: Rc::default(),
            instance: None,
            emitted: Vec::new(),
            rejected: Vec::new(),
            retried: Vec::new(),
            bolt: PhantomData,
        }
    }

    /// The configuration, a JSON object. Defaults are filled in.
    pub fn config(mut self, configuration: serde_json::Value) -> Self {
        self.configuration = configuration;
        self
    }

    /// An input of tuples of a type, as `COMPONENT.STREAM`, or `COMPONENT` for its stream `default`. The first call
    /// replaces the input that is there by itself.
    pub fn input<T: Tuple>(self, stream: &str) -> Self {
        self.input_of(stream, T::schema())
    }

    /// As [`input`](BoltTest::input), with any fields.
    pub fn input_of(mut self, stream: &str, schema: Schema) -> Self {
        let stream = if stream.contains('.') { stream.to_owned() } else { format!("{stream}.default") };
        self.inputs.retain(|input| input.stream != "input.default" && input.stream != stream);
        self.inputs.push(InputStream { stream, schema, key: self.key.clone() });
        self
    }

    /// The fields of the fields grouping that feeds the bolt. By itself these are a [`Bolt`]'s `KEY`.
    pub fn key<const N: usize>(mut self, fields: [&str; N]) -> Self {
        self.key = fields.map(str::to_owned).to_vec();
        self.inputs.iter_mut().for_each(|input| input.key.clone_from(&self.key));
        self
    }

    /// Whether tuples are tracked, so that [`anchors`](BoltTest::anchors) are kept.
    pub fn tracking(mut self, tracking: bool) -> Self {
        self.tracking = tracking;
        self
    }

    /// A file behind a configuration key of the kind `path-read` or `stdin`.
    pub fn file(self, key: &str, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.host.borrow_mut().files.entry(key.into()).or_default().push((name.into(), content.into()));
        self
    }

    /// What an earlier run wrote to a file of a configuration key of the kind `path-write`; `name` is empty where the key
    /// is a file.
    pub fn written_before(self, key: &str, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.host.borrow_mut().written.insert((key.into(), name.into()), content.into());
        self
    }

    /// A secret that is granted.
    pub fn secret(self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.host.borrow_mut().secrets.insert(name.into(), value.into());
        self
    }

    /// The time at the start; 1970 by itself.
    pub fn now(self, now: Timestamp) -> Self {
        self.host.borrow_mut().now = now.0;
        self
    }

    /// Describes and opens the bolt.
    ///
    /// # Errors
    /// What the host would refuse the topology for, or what `open` says.
    pub fn try_open(&mut self) -> Result<(), Error> {
        let configuration =
            super::complete(self.configuration.clone(), &(self.plugin.config_keys)()).map_err(Error::new)?;
        self.description = (self.plugin.describe)(&configuration, &self.inputs)?;
        for (input, needs) in self.inputs.iter_mut().zip(&self.description.inputs) {
            for field in &needs.fields {
                if !input.schema.field(&field.name).is_some_and(|found| found.fits(field)) {
                    return Err(Error::new(format_args!(
                        "the bolt needs `{field}` of `{}`, which has: {}",
                        input.stream, input.schema
                    )));
                }
            }
            input.schema = needs.clone();
        }
        let key_fields = self.inputs.first().map(|input| {
            let field = |name: &String| {
                let field = input.schema.field(name).cloned();
                field.ok_or_else(|| Error::new(format_args!("the key `{name}` is not read from `{}`", input.stream)))
            };
            self.description.state_key.iter().map(field).collect::<Result<Vec<Field>, Error>>()
        });
        {
            let mut host = self.host.borrow_mut();
            host.configuration = configuration.to_string();
            host.outputs = self.description.outputs.clone();
            host.store = Store::new(key_fields.transpose()?.unwrap_or_default(), self.description.tables.clone());
        }
        let context = super::context(configuration, self.inputs.clone(), self.tracking);
        let open = self.plugin.open;
        self.instance = Some(native::with_host(self.host.clone(), || open(&context))?);
        Ok(())
    }

    fn open(&mut self) {
        if self.instance.is_none() {
            self.try_open().unwrap_or_else(|error| panic!("the bolt was not opened: {error}"));
        }
    }
}

/// What happens to the bolt.
impl<B> BoltTest<B> {
    /// Throws the bolt away and opens it anew, as after a failure. State and what was written stay.
    ///
    /// # Panics
    /// It cannot be opened.
    pub fn restart(&mut self) {
        self.open();
        {
            let mut host = self.host.borrow_mut();
            host.again = true;
            host.opened.clear();
        }
        let store = std::mem::take(&mut self.host.borrow_mut().store);
        self.instance = None;
        self.open();
        self.host.borrow_mut().store = store;
    }

    /// Sends tuples to the first input, as one batch.
    ///
    /// # Panics
    /// The bolt returns an error, other than for a single tuple.
    pub fn send<T: Tuple>(&mut self, tuples: impl IntoIterator<Item = T>) {
        self.try_send(tuples).unwrap_or_else(|error| panic!("the bolt failed: {error}"));
    }

    /// As [`send`](BoltTest::send).
    ///
    /// # Errors
    /// What the bolt said. Nothing has happened then.
    pub fn try_send<T: Tuple>(&mut self, tuples: impl IntoIterator<Item = T>) -> Result<(), Error> {
        self.open();
        let rows = rows_of(tuples);
        self.process(0, rows)
    }

    /// Sends tuples to the input of a component or stream, as one batch.
    ///
    /// # Panics
    /// There is no such input, or the bolt returns an error, other than for a single tuple.
    pub fn send_to<T: Tuple>(&mut self, input: &str, tuples: impl IntoIterator<Item = T>) {
        self.open();
        let (input, rows) = (self.input_number(input), rows_of(tuples));
        self.process(input, rows).unwrap_or_else(|error| panic!("the bolt failed: {error}"));
    }

    /// Sends tuples that were put together by hand to the first input, as one batch.
    ///
    /// # Panics
    /// As for [`send`](BoltTest::send), and if a field is missing.
    pub fn send_rows(&mut self, tuples: impl IntoIterator<Item = DynamicTuple>) {
        self.open();
        self.process(0, tuples.into_iter().collect()).unwrap_or_else(|error| panic!("the bolt failed: {error}"));
    }

    /// Lets a tick happen.
    pub fn tick(&mut self) {
        self.open();
        let now = self.host.borrow().now;
        self.call(Vec::new(), |bolt, block| bolt.on_tick(now, block));
    }

    /// Ends an input: nothing more comes from it.
    pub fn end_input(&mut self, input: &str) {
        self.open();
        let input = self.input_number(input);
        self.call(Vec::new(), |bolt, block| bolt.on_end(input as u32, block));
    }

    /// Ends all inputs.
    pub fn end(&mut self) {
        self.open();
        for input in 0..self.inputs.len() {
            self.call(Vec::new(), |bolt, block| bolt.on_end(input as u32, block));
        }
    }

    /// Lets time pass: fires the timers that become due, in order, and brings tuples that were to be retried.
    pub fn advance(&mut self, by: Duration) {
        self.open();
        let now = (Timestamp(self.host.borrow().now) + by).0;
        self.fire(Clock::Processing, now);
        self.host.borrow_mut().now = now;
        let (due, later) = std::mem::take(&mut self.retried).into_iter().partition(|retried| retried.due.0 <= now);
        self.retried = later;
        for Retried { tuple, input, .. } in due {
            self.process(input, vec![tuple]).unwrap_or_else(|error| panic!("the bolt failed: {error}"));
        }
    }

    /// Lets the watermark of the inputs pass: fires the event-time timers that become due, in order.
    pub fn advance_watermark(&mut self, to: Timestamp) {
        self.open();
        self.fire(Clock::Event, to.0);
    }

    fn fire(&mut self, clock: Clock, until: i64) {
        loop {
            let due =
                self.host.borrow().store.timers.iter().find(|timer| timer.0 == clock && timer.1 <= until).cloned();
            let Some((_, at, table, key)) = due else { return };
            let (keys, block) = {
                let mut host = self.host.borrow_mut();
                host.store.timers.remove(&(clock, at, table, key.clone()));
                if clock == Clock::Processing {
                    host.now = host.now.max(at);
                }
                host.passed = vec![key.clone()];
                let fields: Vec<Field> = host.store.key_fields.iter().cloned().map(Field::optional).collect();
                let mut keys = FrameBuilder::new(&Schema::new(fields));
                for (column, value) in key.iter().enumerate() {
                    value.push_to(keys.column(column)).expect("a key is of the key's type");
                }
                keys.end_row();
                (finish(&mut keys), block::pass_each(&host.store, &[key]))
            };
            self.run(|bolt| bolt.on_timer(table as u32, &keys, &[at], &block))
                .unwrap_or_else(|error| panic!("the bolt failed: {error}"));
        }
    }

    /// A call that belongs to no tuple: it has a key only where state is not keyed.
    fn call(&mut self, mut keys: Vec<Key>, call: impl FnOnce(&mut dyn Calls, &[u8]) -> Result<(), Error>) {
        let block = {
            let mut host = self.host.borrow_mut();
            if self.description.state_key.is_empty() {
                keys.push(Key::new());
            }
            let block = if keys.is_empty() { FrameBuf::new() } else { block::pass_each(&host.store, &keys) };
            host.passed = keys;
            block
        };
        self.run(|bolt| call(bolt, &block)).unwrap_or_else(|error| panic!("the bolt failed: {error}"));
    }

    /// Makes a call and its effects last, if it returns ok.
    fn run(&mut self, call: impl FnOnce(&mut dyn Calls) -> Result<(), Error>) -> Result<(), Error> {
        let bolt = self.instance.as_mut().expect("it was opened").as_mut();
        let result = native::with_host(self.host.clone(), || call(bolt));
        let mut host = self.host.borrow_mut();
        match result {
            Ok(()) => {
                self.emitted.extend(host.commit());
                Ok(())
            }
            Err(error) => {
                host.discard();
                Err(error)
            }
        }
    }

    fn process(&mut self, input: usize, mut tuples: Vec<DynamicTuple>) -> Result<(), Error> {
        loop {
            let (frame, block) = self.frame_and_block(input, &tuples);
            let bolt = self.instance.as_mut().expect("it was opened").as_mut();
            let result = native::with_host(self.host.clone(), || bolt.process(input as u32, &frame, &block));
            let mut host = self.host.borrow_mut();
            let faulty = !host.staged.rejected.is_empty() || !host.staged.retried.is_empty();
            if result.is_ok() && !faulty {
                self.emitted.extend(host.commit());
                return Ok(());
            }
            let staged = host.discard();
            result?;
            let now = Timestamp(host.now);
            let mut gone = Vec::new();
            for (row, reason) in staged.rejected {
                self.rejected.push(Rejected { tuple: tuples[row].clone(), reason });
                gone.push(row);
            }
            for (row, after_ms, reason) in staged.retried {
                let due = now + Duration::from_millis(after_ms);
                self.retried.push(Retried { tuple: tuples[row].clone(), due, reason, input });
                gone.push(row);
            }
            let mut row = 0..;
            tuples.retain(|_| row.next().is_none_or(|row| !gone.contains(&row)));
            if tuples.is_empty() {
                return Ok(());
            }
        }
    }

    /// A frame of the columns that the bolt reads, and the state block that goes with it.
    fn frame_and_block(&mut self, input: usize, tuples: &[DynamicTuple]) -> (FrameBuf, FrameBuf) {
        let stream = &self.inputs[input];
        let mut builder = FrameBuilder::new(&stream.schema);
        for (column, field) in stream.schema.fields.iter().enumerate() {
            for tuple in tuples {
                let Some(value) = tuple.get(&field.name) else {
                    panic!(
                        "the tuple {tuple} has no field `{}`, which the bolt reads from `{}`",
                        field.name, stream.stream
                    )
                };
                let value = value.clone().cast(field.scalar);
                if let Err(error) = value.push_to(builder.column(column)) {
                    panic!("the field `{field}` of `{}` cannot be {value}: {error}", stream.stream);
                }
            }
        }
        builder.end_rows(tuples.len());
        let frame = finish(&mut builder);
        let host = &mut *self.host.borrow_mut();
        let key = |tuple: &DynamicTuple| {
            let value = |field: &Field| tuple.get(&field.name).cloned().unwrap_or(OwnedValue::Null).cast(field.scalar);
            host.store.key_fields.iter().map(value).collect::<Key>()
        };
        let (passed, block) = block::pass(&host.store, tuples.iter().map(key).collect());
        host.passed = passed;
        (frame, block)
    }

    fn input_number(&self, name: &str) -> usize {
        let is = |input: &InputStream| {
            input.stream == name || input.stream.split_once('.').is_some_and(|parts| parts.0 == name || parts.1 == name)
        };
        self.inputs.iter().position(is).unwrap_or_else(|| panic!("there is no input `{name}`"))
    }
}

fn rows_of<T: Tuple>(tuples: impl IntoIterator<Item = T>) -> Vec<DynamicTuple> {
    let schema = T::schema();
    let mut builder = FrameBuilder::new(&schema);
    tuples.into_iter().for_each(|tuple| T::write(tuple.as_at(), builder.columns_mut()));
    let frame = finish(&mut builder);
    let frame = FrameView::parse(&frame).expect("a builder makes frames");
    emissions::named(&frame, &schema)
}
