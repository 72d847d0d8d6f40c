//! Driving a spout.

use super::emissions;
use super::host::{Emitted, LogLine, TestHost};
use crate::batch::instance::SpoutInstance;
use crate::batch::{BatchSpout, Next};
use crate::context::Context;
use crate::describe::{ConfigError, ConfigKey, Description};
use crate::error::Error;
use crate::host::native;
use crate::spout::{Spout, TypedSpout};
use crate::time::Timestamp;
use crate::tuple::{DynamicTuple, Tuple};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

/// Drives a spout and shows what it emitted. See the [module](super).
///
/// It is opened by the first call, or by [`try_open`](SpoutTest::try_open).
pub struct SpoutTest<S> {
    plugin: Plugin,
    configuration: serde_json::Value,
    tracking: bool,
    max_bytes: u32,
    description: Description,
    host: Rc<RefCell<TestHost>>,
    instance: Option<Box<dyn Calls>>,
    emitted: Vec<Emitted>,
    spout: PhantomData<fn(S)>,
}

/// The functions of a spout, whichever trait it has.
struct Plugin {
    config_keys: fn() -> Vec<ConfigKey>,
    describe: fn(&serde_json::Value) -> Result<Description, ConfigError>,
    open: Open,
}

/// `open`, with the position to go on from.
type Open = fn(&Context, Option<&[u8]>) -> Result<Box<dyn Calls>, Error>;

impl Plugin {
    fn of<S: BatchSpout>() -> Plugin {
        Plugin {
            config_keys: S::config_keys,
            describe: S::describe,
            open: |context, position| Ok(Box::new(SpoutInstance::<S>::open(context, position)?)),
        }
    }
}

/// The calls of an opened spout.
trait Calls {
    fn next(&mut self, max_rows: u32, max_bytes: u32) -> Result<Next, Error>;
    fn ack(&mut self, ids: &[u64]);
    fn fail(&mut self, ids: &[u64]);
    fn activate(&mut self);
    fn deactivate(&mut self);
}

impl<S: BatchSpout> Calls for SpoutInstance<S> {
    fn next(&mut self, max_rows: u32, max_bytes: u32) -> Result<Next, Error> {
        self.next(max_rows, max_bytes)
    }

    fn ack(&mut self, ids: &[u64]) {
        self.spout().ack(ids);
    }

    fn fail(&mut self, ids: &[u64]) {
        self.spout().fail(ids);
    }

    fn activate(&mut self) {
        self.spout().activate();
    }

    fn deactivate(&mut self) {
        self.spout().deactivate();
    }
}

impl<S: Spout> SpoutTest<S> {
    /// A test of a [`Spout`].
    #[allow(clippy::new_without_default)]
    pub fn new() -> SpoutTest<S> {
        SpoutTest::with(Plugin::of::<TypedSpout<S>>())
    }
}

impl<S: BatchSpout> SpoutTest<S> {
    /// A test of a [`BatchSpout`].
    pub fn batch() -> SpoutTest<S> {
        SpoutTest::with(Plugin::of::<S>())
    }
}

impl<S> SpoutTest<S> {
    fn with(plugin: Plugin) -> SpoutTest<S> {
        SpoutTest {
            plugin,
            configuration: serde_json::Value::Object(serde_json::Map::new()),
            tracking: false,
            max_bytes: 1 << 20,
            description: Description::default(),
            host: Rc::default(),
            instance: None,
            emitted: Vec::new(),
            spout: PhantomData,
        }
    }

    /// The configuration, a JSON object. Defaults are filled in.
    pub fn config(mut self, configuration: serde_json::Value) -> Self {
        self.configuration = configuration;
        self
    }

    /// Whether tuples are tracked, so that [`ids`](SpoutTest::ids) are kept.
    pub fn tracking(mut self, tracking: bool) -> Self {
        self.tracking = tracking;
        self
    }

    /// How many bytes `next` may emit; 1 MiB by itself.
    pub fn max_bytes(mut self, max_bytes: u32) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// A file behind a configuration key of the kind `path-read` or `stdin`.
    pub fn file(self, key: &str, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.host.borrow_mut().files.entry(key.into()).or_default().push((name.into(), content.into()));
        self
    }

    /// A pipe, or standard input, behind a configuration key of the kind `path-read` or `stdin`: it has what is
    /// [fed](SpoutTest::feed) to it, and nothing at the moment when that is read, until it is
    /// [closed](SpoutTest::close).
    pub fn pipe(self, key: &str) -> Self {
        self.host.borrow_mut().pipes.insert(key.into());
        self.file(key, "-", "")
    }

    /// The time at the start; 1970 by itself.
    pub fn now(self, now: Timestamp) -> Self {
        self.host.borrow_mut().now = now.0;
        self
    }

    /// Describes and opens the spout, from the position of what was emitted last.
    ///
    /// # Errors
    /// What the host would refuse the topology for, or what `open` says.
    pub fn try_open(&mut self) -> Result<(), Error> {
        let configuration =
            super::complete(self.configuration.clone(), &(self.plugin.config_keys)()).map_err(Error::new)?;
        self.description = (self.plugin.describe)(&configuration)?;
        {
            let mut host = self.host.borrow_mut();
            host.configuration = configuration.to_string();
            host.outputs = self.description.outputs.clone();
        }
        let context = super::context(configuration, Vec::new(), self.tracking);
        let (open, position) = (self.plugin.open, self.position());
        self.instance = Some(native::with_host(self.host.clone(), || open(&context, position.as_deref()))?);
        Ok(())
    }

    fn spout(&mut self) -> &mut dyn Calls {
        if self.instance.is_none() {
            self.try_open().unwrap_or_else(|error| panic!("the spout was not opened: {error}"));
        }
        self.instance.as_mut().expect("it was opened").as_mut()
    }

    /// Asks for up to so many tuples.
    ///
    /// # Panics
    /// The spout returns an error.
    pub fn next(&mut self, max_rows: u32) -> Next {
        self.try_next(max_rows).unwrap_or_else(|error| panic!("the spout failed: {error}"))
    }

    /// As [`next`](SpoutTest::next).
    ///
    /// # Errors
    /// What the spout said. Nothing was emitted then.
    pub fn try_next(&mut self, max_rows: u32) -> Result<Next, Error> {
        let (host, max_bytes) = (self.host.clone(), self.max_bytes);
        let spout = self.spout();
        let result = native::with_host(host, || spout.next(max_rows, max_bytes));
        let mut host = self.host.borrow_mut();
        match &result {
            Ok(_) => self.emitted.extend(host.commit()),
            Err(_) => drop(host.discard()),
        }
        result
    }

    /// Asks until the spout has nothing at the moment, or nothing any more.
    ///
    /// # Panics
    /// The spout returns an error, or does not come to an end within a million calls.
    pub fn drain(&mut self) -> Next {
        for _ in 0..1_000_000 {
            let next = self.next(1_000);
            if next != Next::More {
                return next;
            }
        }
        panic!("the spout does not come to an end")
    }

    /// Throws the spout away and opens it anew from the position of what was emitted last, as after a failure.
    pub fn restart(&mut self) {
        self.instance = None;
        self.spout();
    }

    /// Writes to a [pipe](SpoutTest::pipe).
    ///
    /// # Panics
    /// There is no pipe behind that key.
    pub fn feed(&mut self, key: &str, bytes: impl AsRef<[u8]>) {
        let mut host = self.host.borrow_mut();
        let is_pipe = host.pipes.contains(key);
        let pipe = host.files.get_mut(key).and_then(|files| files.first_mut()).filter(|_| is_pipe);
        pipe.unwrap_or_else(|| panic!("config.{key} has no open pipe")).1.extend_from_slice(bytes.as_ref());
    }

    /// Closes a [pipe](SpoutTest::pipe): after what was fed to it comes its end.
    pub fn close(&mut self, key: &str) {
        self.host.borrow_mut().pipes.remove(key);
    }

    /// Lets time pass.
    pub fn advance(&mut self, by: Duration) {
        let mut host = self.host.borrow_mut();
        host.now = (Timestamp(host.now) + by).0;
    }

    /// Tells the spout that these ids are through.
    pub fn ack(&mut self, ids: &[u64]) {
        let host = self.host.clone();
        let spout = self.spout();
        native::with_host(host, || spout.ack(ids));
    }

    /// Tells the spout that these ids failed.
    pub fn fail(&mut self, ids: &[u64]) {
        let host = self.host.clone();
        let spout = self.spout();
        native::with_host(host, || spout.fail(ids));
    }

    /// Tells the spout that tuples are wanted again.
    pub fn activate(&mut self) {
        let host = self.host.clone();
        let spout = self.spout();
        native::with_host(host, || spout.activate());
    }

    /// Tells the spout that it will not be asked for a while.
    pub fn deactivate(&mut self) {
        let host = self.host.clone();
        let spout = self.spout();
        native::with_host(host, || spout.deactivate());
    }

    /// All tuples that were emitted to the first stream, in order.
    ///
    /// # Panics
    /// The stream has other fields.
    pub fn emitted<T: Tuple>(&self) -> Vec<T::At<'_>> {
        emissions::tuples::<T>(&self.emitted, 0)
    }

    /// All tuples that were emitted to a stream, in order.
    ///
    /// # Panics
    /// There is no such stream, or it has other fields.
    pub fn emitted_to<T: Tuple>(&self, stream: &str) -> Vec<T::At<'_>> {
        emissions::tuples::<T>(&self.emitted, emissions::number(&self.description.outputs, stream))
    }

    /// All tuples that were emitted to a stream, with the names of their fields.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn emitted_rows(&self, stream: &str) -> Vec<DynamicTuple> {
        emissions::rows(&self.emitted, &self.description.outputs, stream)
    }

    /// The message ids of what was emitted to the first stream, in order.
    pub fn ids(&self) -> Vec<u64> {
        emissions::of(&self.emitted, 0).flat_map(|emitted| emitted.ids.clone()).collect()
    }

    /// The position after what was emitted last, as the spout wrote it down.
    pub fn position(&self) -> Option<Vec<u8>> {
        self.emitted.last().map(|emitted| emitted.position.clone())
    }

    /// The watermark that was emitted last.
    pub fn watermark(&self) -> Option<Timestamp> {
        self.emitted.iter().rev().find_map(|emitted| emissions::view(emitted).watermark()).map(Timestamp)
    }

    /// How many tuples each frame has.
    pub fn frame_rows(&self) -> Vec<usize> {
        self.emitted.iter().map(|emitted| emissions::view(emitted).rows()).collect()
    }

    /// What the plugin logged.
    pub fn logs(&self) -> Vec<LogLine> {
        self.host.borrow().logs.clone()
    }

    /// The counter or gauge of that name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.host.borrow().metrics.get(name).copied()
    }
}
