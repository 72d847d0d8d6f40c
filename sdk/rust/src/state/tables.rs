//! How tables are put together into the state of a bolt.

use super::CallKeys;
use crate::batch::BatchState;
use crate::describe::TableSpec;
use crate::error::Error;
use petrel_frame::Scalar;

/// What a bolt keeps for each key: a reference to a [`Value`](super::Value), [`List`](super::List),
/// [`Map`](super::Map) or [`Timers`](super::Timers), a struct of such references with `#[derive(State)]`, or `()`.
///
/// The fields of such a struct name the tables. `#[state(rename = "…")]` gives a table another name,
/// `#[state(version = N)]` a version: it counts up when what is stored means something else.
///
/// ```
/// use petrel_sdk::{List, Map, State, Timers, Value};
///
/// #[derive(State)]
/// struct Session<'s> {
///     clicks: &'s mut Value<i64>,
///     pages: &'s mut List<String>,
///     #[state(rename = "by-country", version = 2)]
///     countries: &'s mut Map<String, i64>,
///     idle: &'s mut Timers,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of a bolt",
    note = "it is `&mut Value<…>`, `&mut List<…>`, `&mut Map<…>`, `&mut Timers`, a struct of those with \
            `#[derive(State)]`, or `()`"
)]
pub trait State {
    /// The state of one key.
    type At<'s>;
    /// The tables, for all keys.
    type Tables: Tables;

    /// The state of the key of that number in the call.
    fn at(tables: &mut Self::Tables, key: usize) -> Self::At<'_>;
}

/// The tables of a bolt, for all keys.
pub trait Tables: Sized {
    /// How many.
    const COUNT: usize;
    /// Whether one of them is passed with every batch.
    const PASSED: bool;
    /// Whether one of them asks the host by key.
    const NEEDS_KEYS: bool;

    /// Appends what `describe` tells about them.
    fn describe(specs: &mut Vec<TableSpec>);

    /// Makes them; `first` is the number of the first one.
    fn open(first: usize) -> Self;

    /// A call begins, with these keys.
    ///
    /// # Errors
    /// What the host passed is malformed.
    fn begin(&mut self, state: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error>;

    /// The call ends: hands back what was changed.
    ///
    /// # Errors
    /// What was changed does not fit a frame.
    fn end(&mut self, state: &mut BatchState<'_>) -> Result<(), Error>;
}

/// One table, for all keys.
pub trait Table: Sized {
    /// What a bolt gets for a key.
    type Handle;
    /// Whether it is passed with every batch.
    const PASSED: bool = false;
    /// Whether it asks the host by key.
    const NEEDS_KEYS: bool = true;

    /// What `describe` tells about it.
    fn spec(name: &str) -> TableSpec;

    /// Makes it.
    fn open(number: usize) -> Self;

    /// A call begins, with these keys.
    ///
    /// # Errors
    /// What the host passed is malformed.
    fn begin(&mut self, state: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error>;

    /// What a bolt gets for the key of that number in the call.
    fn at(&mut self, key: usize) -> &mut Self::Handle;

    /// The call ends: hands back what was changed.
    ///
    /// # Errors
    /// What was changed does not fit a frame.
    fn end(&mut self, state: &mut BatchState<'_>) -> Result<(), Error>;
}

/// What a bolt gets for a key, and the table it belongs to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no state that the host keeps",
    note = "use `Value<…>`, `List<…>`, `Map<…>` or `Timers`"
)]
pub trait Stored: Sized {
    /// The table.
    type Table: Table<Handle = Self>;
}

impl State for () {
    type At<'s> = ();
    type Tables = ();

    fn at(_: &mut (), _: usize) {}
}

impl Tables for () {
    const COUNT: usize = 0;
    const PASSED: bool = false;
    const NEEDS_KEYS: bool = false;

    fn describe(_: &mut Vec<TableSpec>) {}

    fn open(_: usize) {}

    fn begin(&mut self, _: &BatchState<'_>, _: &CallKeys) -> Result<(), Error> {
        Ok(())
    }

    fn end(&mut self, _: &mut BatchState<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl<H: Stored> State for &mut H
where
    H: 'static,
{
    type At<'s> = &'s mut H;
    type Tables = H::Table;

    #[inline(always)]
    fn at(tables: &mut H::Table, key: usize) -> &mut H {
        tables.at(key)
    }
}

/// A single table is named `state`.
impl<T: Table> Tables for T {
    const COUNT: usize = 1;
    const PASSED: bool = T::PASSED;
    const NEEDS_KEYS: bool = T::NEEDS_KEYS;

    fn describe(specs: &mut Vec<TableSpec>) {
        specs.push(T::spec("state"));
    }

    fn open(first: usize) -> Self {
        Table::open(first)
    }

    fn begin(&mut self, state: &BatchState<'_>, keys: &CallKeys) -> Result<(), Error> {
        Table::begin(self, state, keys)
    }

    fn end(&mut self, state: &mut BatchState<'_>) -> Result<(), Error> {
        Table::end(self, state)
    }
}

/// What `describe` tells about the tables of a bolt.
///
/// The host tells which row has which key only where a value is passed. Where none is, an empty table of values makes
/// it do so.
pub(crate) fn specs<T: Tables>() -> Vec<TableSpec> {
    let mut specs = Vec::with_capacity(T::COUNT + 1);
    T::describe(&mut specs);
    if !specs.is_empty() && !T::PASSED {
        specs.push(TableSpec::value("petrel-keys", Scalar::Bool));
    }
    specs
}
