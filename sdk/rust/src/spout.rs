//! Spouts, tuple by tuple.

use crate::batch::{BatchSpout, Next, SourceOutputs};
use crate::config::Config;
use crate::context::Context;
use crate::describe::{ConfigError, ConfigKey, Description};
use crate::error::Error;
use crate::output::{Opening, Outputs};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A spout that emits tuples one by one. Export it with [`export_spout!`](crate::export_spout), or put
/// [`#[spout]`](macro@crate::spout) on the implementation, which also fills in the types that are left out.
///
/// ```
/// use petrel_sdk::{Context, Error, Next, Output, Spout, Tuple, spout, testing::SpoutTest};
///
/// #[derive(Tuple, Debug, PartialEq)]
/// struct Square {
///     number: i64,
///     square: i64,
/// }
///
/// /// The squares of the numbers below 1,000.
/// struct Squares {
///     next: i64,
/// }
///
/// #[spout]
/// impl Spout for Squares {
///     type Output = Output<Square>;
///     type Position = i64;
///
///     fn open(_: &Context, _: (), position: Option<i64>) -> Result<Self, Error> {
///         Ok(Squares { next: position.unwrap_or(0) })
///     }
///
///     fn next(&mut self, out: &mut Output<Square>) -> Result<Next, Error> {
///         if self.next == 1_000 {
///             return Ok(Next::End);
///         }
///         out.emit(Square { number: self.next, square: self.next * self.next });
///         self.next += 1;
///         Ok(Next::More)
///     }
///
///     fn position(&self) -> i64 {
///         self.next
///     }
/// }
///
/// let mut test = SpoutTest::<Squares>::new();
/// assert_eq!(test.next(3), Next::More);
/// test.restart();
/// assert_eq!(test.next(1), Next::More);
/// assert_eq!(test.emitted::<Square>()[3], Square { number: 3, square: 9 });
/// ```
pub trait Spout: Sized + 'static {
    /// Its configuration; `()` if there is none.
    type Config: Config;
    /// What it emits.
    type Output: Outputs;
    /// Where it is in its source: what the next instance goes on from.
    type Position: Serialize + DeserializeOwned;
    /// What it cannot do without: `net`, `dirs`, `env:NAME`, `secret:NAME`.
    const CAPABILITIES: &'static [&'static str] = &[];

    /// Starts, from a position that an earlier instance was at.
    ///
    /// # Errors
    /// What keeps it from starting.
    fn open(context: &Context, config: Self::Config, position: Option<Self::Position>) -> Result<Self, Error>;

    /// Emits a tuple, or a few that belong together: a position lies between two calls. Called until a batch is full
    /// or there is nothing at the moment; what was emitted by then goes out as one.
    ///
    /// It does not wait for its source, which would keep back what was emitted: it says [`Next::Idle`] until a little
    /// later. [`read_ready`](crate::host::files::read_ready) reads pipes and standard input so.
    ///
    /// # Errors
    /// The spout is opened anew at the last position that was published.
    fn next(&mut self, out: &mut Self::Output) -> Result<Next, Error>;

    /// Where to go on after what was emitted so far.
    fn position(&self) -> Self::Position;

    /// The tuple of this id is through.
    fn ack(&mut self, id: u64) {
        let _ = id;
    }

    /// The tuple of this id failed: emit it again.
    fn fail(&mut self, id: u64) {
        let _ = id;
    }

    /// Tuples are wanted again.
    fn activate(&mut self) {}

    /// `next` will not be called until [`activate`](Spout::activate).
    fn deactivate(&mut self) {}
}

/// A [`Spout`] as the [`BatchSpout`] that drives it.
pub struct TypedSpout<S: Spout> {
    spout: S,
    output: S::Output,
}

impl<S: Spout> TypedSpout<S> {
    fn position_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(&self.spout.position())
            .map_err(|error| Error::from(error).context("the position cannot be written down"))
    }
}

impl<S: Spout> BatchSpout for TypedSpout<S> {
    fn config_keys() -> Vec<ConfigKey> {
        S::Config::keys()
    }

    fn describe(configuration: &serde_json::Value) -> Result<Description, ConfigError> {
        S::Config::parse(configuration)?;
        Ok(Description {
            outputs: S::Output::streams(),
            capabilities: S::CAPABILITIES.iter().map(|capability| (*capability).to_owned()).collect(),
            ..Description::default()
        })
    }

    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let position = position
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|error| Error::from(error).context("the position of an earlier instance cannot be read"))?;
        let spout = S::open(context, S::Config::parse(&context.configuration)?, position)?;
        Ok(TypedSpout { spout, output: S::Output::open(&mut Opening::of_spout(context.tracking)) })
    }

    fn next(&mut self, max_rows: usize, max_bytes: usize, _: &mut SourceOutputs) -> Result<Next, Error> {
        self.output.begin(0);
        let mut next = Next::More;
        // A spout that says `More` without emitting anything is asked again later, so that the host is heard meanwhile.
        for _ in 0..max_rows {
            next = self.spout.next(&mut self.output)?;
            let (rows, bytes) = self.output.pending();
            if next != Next::More || rows >= max_rows || bytes >= max_bytes {
                break;
            }
        }
        if self.output.pending() != (0, 0) {
            let position = self.position_bytes()?;
            self.output.flush(&position)?;
        }
        Ok(next)
    }

    fn position(&self) -> Vec<u8> {
        // Everything was flushed with its position by `next`.
        self.position_bytes().unwrap_or_default()
    }

    fn ack(&mut self, ids: &[u64]) {
        ids.iter().for_each(|id| self.spout.ack(*id));
    }

    fn fail(&mut self, ids: &[u64]) {
        ids.iter().for_each(|id| self.spout.fail(*id));
    }

    fn activate(&mut self) {
        self.spout.activate();
    }

    fn deactivate(&mut self) {
        self.spout.deactivate();
    }
}
