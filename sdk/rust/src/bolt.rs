//! Bolts, tuple by tuple.

use crate::batch::{self, BatchBolt, BatchState};
use crate::config::Config;
use crate::context::Context;
use crate::describe::{ConfigError, ConfigKey, Description, InputStream};
use crate::error::{Error, Fault};
use crate::inputs::{Inputs, needs};
use crate::output::{Opening, Outputs};
use crate::state::{self, CallKeys, State, Tables};
use crate::time::Timestamp;
use crate::tuple::Row;
use petrel_frame::{FrameView, Schema};

/// The input of a bolt, borrowed.
pub type InputAt<'a, B> = <<B as Bolt>::Input as Inputs>::At<'a>;

/// The state of a bolt for one key.
pub type StateAt<'s, B> = <<B as Bolt>::State as State>::At<'s>;

/// The tables of a bolt, beyond one key.
pub type TablesOf<B> = <<B as Bolt>::State as State>::Tables;

/// A bolt that takes tuples one by one. Export it with [`export_bolt!`](crate::export_bolt), or put
/// [`#[bolt]`](macro@crate::bolt) on the implementation, which also fills in the types that are left out.
///
/// ```
/// use petrel_sdk::{Bolt, Config, Context, Error, Fault, Map, Output, Tuple, bolt, testing::BoltTest};
///
/// #[derive(Tuple)]
/// struct Visit<'a> {
///     user: &'a str,
///     page: &'a str,
/// }
///
/// #[derive(Tuple, Debug, PartialEq)]
/// struct Return<'a> {
///     user: &'a str,
///     page: &'a str,
///     visits: i64,
/// }
///
/// #[derive(Config)]
/// struct Settings {
///     /// How many visits make a returning visitor.
///     #[config(default = 2)]
///     visits: i64,
/// }
///
/// /// Finds visitors that come back to a page.
/// struct Returning {
///     visits: i64,
/// }
///
/// #[bolt(key = "user")]
/// impl Bolt for Returning {
///     type Config = Settings;
///     type Input = Visit<'static>;
///     type State = &'static mut Map<String, i64>;
///     type Output = Output<Return<'static>>;
///
///     fn open(_: &Context, settings: Settings) -> Result<Self, Error> {
///         Ok(Returning { visits: settings.visits })
///     }
///
///     fn process(
///         &mut self,
///         visit: Visit<'_>,
///         pages: &mut Map<String, i64>,
///         out: &mut Output<Return<'_>>,
///     ) -> Result<(), Fault> {
///         if visit.page.is_empty() {
///             return Err(Fault::reject("the page is empty"));
///         }
///         let visits = pages.get_or_default(visit.page);
///         *visits += 1;
///         if *visits >= self.visits {
///             out.emit(Return { user: visit.user, page: visit.page, visits: *visits });
///         }
///         Ok(())
///     }
/// }
///
/// let mut test = BoltTest::<Returning>::new();
/// test.send([Visit { user: "ada", page: "/" }, Visit { user: "ada", page: "" }, Visit { user: "ada", page: "/" }]);
/// assert_eq!(test.emitted::<Return>(), [Return { user: "ada", page: "/", visits: 2 }]);
/// assert_eq!(test.rejected()[0].reason, "the page is empty");
/// ```
///
/// What cannot work does not compile: state must be of a kind that the host keeps,
///
/// ```compile_fail,E0277
/// # use petrel_sdk::{Tuple, bolt};
/// #[derive(Tuple)]
/// struct Word { word: String }
///
/// #[bolt(key = "word")]
/// fn count(word: Word, total: &mut petrel_sdk::Value<std::time::Instant>) {}
/// # fn main() {}
/// ```
///
/// and a tuple must have fields that a frame can hold.
///
/// ```compile_fail,E0277
/// # use petrel_sdk::Tuple;
/// #[derive(Tuple)]
/// struct Word { word: char }
/// # fn main() {}
/// ```
pub trait Bolt: Sized + 'static {
    /// Its configuration; `()` if there is none.
    type Config: Config;
    /// What it reads.
    type Input: Inputs;
    /// What it keeps for each key: a reference to a [`Value`](crate::Value), [`List`](crate::List),
    /// [`Map`](crate::Map) or [`Timers`](crate::Timers), a struct of such references with `#[derive(State)]`, or `()`.
    type State: State;
    /// What it emits.
    type Output: Outputs;
    /// The fields that key its state, the same in every input. None: the whole task is one key.
    const KEY: &'static [&'static str] = &[];
    /// What it cannot do without: `net`, `dirs`, `env:NAME`, `secret:NAME`.
    const CAPABILITIES: &'static [&'static str] = &[];

    /// Starts.
    ///
    /// # Errors
    /// What keeps it from starting.
    fn open(context: &Context, config: Self::Config) -> Result<Self, Error>;

    /// Takes a tuple, with the state of its key. The state of one tuple is seen by the next one of the same key.
    ///
    /// # Errors
    /// [`Fault::reject`] and [`Fault::retry`] concern this tuple alone. Any other error fails the batch, which the host
    /// then halves until it has found the tuple that causes it.
    fn process(
        &mut self,
        input: InputAt<'_, Self>,
        state: StateAt<'_, Self>,
        out: &mut Self::Output,
    ) -> Result<(), Fault>;

    /// A timer is due.
    ///
    /// # Errors
    /// The call fails, and is made again after the instance was replaced.
    fn on_timer(&mut self, timer: Timer<'_>, state: StateAt<'_, Self>, out: &mut Self::Output) -> Result<(), Error> {
        let _ = (timer, state, out);
        Ok(())
    }

    /// Every `tick_ms` of the component.
    ///
    /// # Errors
    /// The call fails.
    fn on_tick(&mut self, now: Timestamp, tables: &mut TablesOf<Self>, out: &mut Self::Output) -> Result<(), Error> {
        let _ = (now, tables, out);
        Ok(())
    }

    /// Nothing more will come from an input.
    ///
    /// # Errors
    /// The call fails.
    fn on_end(
        &mut self,
        input: &InputStream,
        tables: &mut TablesOf<Self>,
        out: &mut Self::Output,
    ) -> Result<(), Error> {
        let _ = (input, tables, out);
        Ok(())
    }
}

/// A timer that is due.
#[derive(Clone, Copy, Debug)]
pub struct Timer<'a> {
    /// The name of the [`Timers`](crate::Timers) it was set in.
    pub name: &'a str,
    /// The time it was set for.
    pub due: Timestamp,
    /// The key it was set for.
    pub key: Row<'a>,
}

/// A [`Bolt`] as the [`BatchBolt`] that drives it.
pub struct TypedBolt<B: Bolt> {
    bolt: B,
    inputs: Vec<Input>,
    key_schema: Schema,
    table_names: Vec<String>,
    tables: TablesOf<B>,
    output: B::Output,
    tracking: bool,
}

struct Input {
    stream: InputStream,
    variant: usize,
    key_columns: Vec<usize>,
}

impl<B: Bolt> BatchBolt for TypedBolt<B> {
    fn config_keys() -> Vec<ConfigKey> {
        B::Config::keys()
    }

    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
        B::Config::parse(configuration)?;
        let needs = inputs.iter().map(needs::<B::Input>).collect::<Result<Vec<_>, _>>()?;
        for key in B::KEY {
            if let Some(position) = needs.iter().position(|needs| needs.position(key).is_none()) {
                return Err(ConfigError::general(format!(
                    "the bolt's state is keyed by `{key}`, which is no field of what it reads from `{}`: {}",
                    inputs[position].stream, needs[position]
                )));
            }
        }
        Ok(Description {
            inputs: needs,
            outputs: B::Output::streams(),
            tables: state::specs::<TablesOf<B>>(),
            state_key: if TablesOf::<B>::COUNT == 0 { Vec::new() } else { owned(B::KEY) },
            capabilities: owned(B::CAPABILITIES),
        })
    }

    fn open(context: &Context) -> Result<Self, Error> {
        let bolt = B::open(context, B::Config::parse(&context.configuration)?)?;
        let input = |stream: &InputStream| {
            let position = |key: &&str| stream.schema.position(key);
            let key_columns = B::KEY.iter().map(position).collect::<Option<Vec<_>>>();
            let key_columns = key_columns.ok_or_else(|| {
                Error::new(format_args!(
                    "the input `{}` has not all fields of the key: {}",
                    stream.stream, stream.schema
                ))
            })?;
            Ok(Input { stream: stream.clone(), variant: B::Input::variant(stream)?, key_columns })
        };
        let inputs = context.inputs.iter().map(input).collect::<Result<Vec<_>, Error>>()?;
        let key_fields = inputs.first().map(|input| {
            input.key_columns.iter().map(|column| input.stream.schema.fields[*column].clone()).collect::<Vec<_>>()
        });
        Ok(TypedBolt {
            bolt,
            inputs,
            key_schema: Schema::new(key_fields.unwrap_or_default()),
            table_names: state::specs::<TablesOf<B>>().into_iter().map(|spec| spec.name).collect(),
            tables: TablesOf::<B>::open(0),
            output: B::Output::open(&mut Opening::of_bolt(context.tracking)),
            tracking: context.tracking,
        })
    }

    fn process(
        &mut self,
        input: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        out: &mut batch::Outputs,
    ) -> Result<(), Error> {
        let Some(input) = self.inputs.get(input) else {
            return Err(Error::new(format_args!("there is no input {input}")));
        };
        let columns = B::Input::columns(input.variant, &input.stream, frame)
            .map_err(|error| error.context(format_args!("input `{}`", input.stream.stream)))?;
        let keys = if TablesOf::<B>::NEEDS_KEYS {
            CallKeys::of_rows(frame, &self.key_schema, &input.key_columns, state.first_row())?
        } else {
            CallKeys::none()
        };
        self.output.begin(frame.rows());
        self.tables.begin(state, &keys)?;
        let key_of_row = state.key_of_row();
        if TablesOf::<B>::COUNT > 0 && key_of_row.len() != frame.rows() {
            return Err(Error::new("the state block has not a key for each row"));
        }
        for row in 0..frame.rows() {
            out.at(row);
            let tuple = B::Input::read(&columns, row);
            let key = key_of_row.get(row).map_or(0, |key| *key as usize);
            match self.bolt.process(tuple, B::State::at(&mut self.tables, key), &mut self.output) {
                Ok(()) => {}
                Err(Fault::Reject { reason }) => out.reject(row, &reason),
                Err(Fault::Retry { after, reason }) => out.retry(row, after, &reason),
                Err(Fault::Error(error)) => return Err(error),
            }
            if self.tracking {
                self.output.anchor(row);
            }
        }
        crate::whereabouts::nowhere();
        self.tables.end(state)?;
        self.output.flush(&[])
    }

    fn on_timer(
        &mut self,
        table: usize,
        keys: &FrameView<'_>,
        times: &[i64],
        state: &mut BatchState<'_>,
        _: &mut batch::Outputs,
    ) -> Result<(), Error> {
        let Some(name) = self.table_names.get(table) else {
            return Err(Error::new(format_args!("there is no state table {table}")));
        };
        self.output.begin(0);
        self.tables.begin(state, &CallKeys::of_frame(keys, &self.key_schema))?;
        for (row, due) in times.iter().enumerate() {
            let key = Row::new(*keys, &self.key_schema.fields, row);
            let timer = Timer { name, due: Timestamp(*due), key };
            self.bolt.on_timer(timer, B::State::at(&mut self.tables, row), &mut self.output)?;
        }
        self.tables.end(state)?;
        self.output.flush(&[])
    }

    fn on_tick(&mut self, now_us: i64, state: &mut BatchState<'_>, _: &mut batch::Outputs) -> Result<(), Error> {
        self.output.begin(0);
        self.tables.begin(state, &self.task_key()?)?;
        self.bolt.on_tick(Timestamp(now_us), &mut self.tables, &mut self.output)?;
        self.tables.end(state)?;
        self.output.flush(&[])
    }

    fn on_end(&mut self, input: usize, state: &mut BatchState<'_>, _: &mut batch::Outputs) -> Result<(), Error> {
        let keys = self.task_key()?;
        let Some(input) = self.inputs.get(input) else {
            return Err(Error::new(format_args!("there is no input {input}")));
        };
        self.output.begin(0);
        self.tables.begin(state, &keys)?;
        self.bolt.on_end(&input.stream, &mut self.tables, &mut self.output)?;
        self.tables.end(state)?;
        self.output.flush(&[])
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl<B: Bolt> TypedBolt<B> {
    /// The one key of a task whose state is not keyed, and none where it is.
    fn task_key(&self) -> Result<CallKeys, Error> {
        if B::KEY.is_empty() { CallKeys::task() } else { Ok(CallKeys::none_of(&self.key_schema)) }
    }
}
