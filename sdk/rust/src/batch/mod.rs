//! The whole-frame level: plugins that see batches, not tuples.
//!
//! For plugins whose fields are known only from their configuration, and for those that handle columns faster than
//! rows. A [`BatchBolt`] gets each frame as a [`FrameView`], the state of its keys as a [`BatchState`], and emits
//! through [`Outputs`]; a [`BatchSpout`] emits through [`SourceOutputs`].
//!
//! ```
//! use petrel_sdk::batch::{Anchors, BatchBolt, BatchState, Outputs};
//! use petrel_sdk::{ConfigError, Context, Description, Error, FrameView, InputStream, OutputStream, frame};
//!
//! /// Passes every second tuple of any stream.
//! struct Thin;
//!
//! impl BatchBolt for Thin {
//!     fn describe(_: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError> {
//!         let [input] = inputs else { return Err(ConfigError::general("takes exactly one input")) };
//!         let outputs = vec![OutputStream::default_stream(input.schema.clone())];
//!         Ok(Description { inputs: vec![input.schema.clone()], outputs, ..Description::default() })
//!     }
//!
//!     fn open(_: &Context) -> Result<Self, Error> {
//!         Ok(Thin)
//!     }
//!
//!     fn process(
//!         &mut self,
//!         _: usize,
//!         frame: &FrameView<'_>,
//!         _: &mut BatchState<'_>,
//!         out: &mut Outputs,
//!     ) -> Result<(), Error> {
//!         let rows: Vec<u32> = (0..frame.rows() as u32).step_by(2).collect();
//!         out.emit_frame(0, &frame::take(frame, &rows)?, Anchors::PerRow(&rows));
//!         Ok(())
//!     }
//! }
//!
//! petrel_sdk::export_batch_bolt!(Thin);
//! # fn main() {}
//! ```

mod anchors;
pub mod instance;
mod outputs;
mod source;
mod state;

pub use anchors::Anchors;
pub use outputs::{Outputs, StreamOutput};
pub use source::SourceOutputs;
pub use state::BatchState;

pub(crate) use outputs::{Anchoring, FLUSH_BYTES};
pub(crate) use state::checked;

use crate::context::Context;
use crate::describe::{ConfigError, ConfigKey, Description, InputStream};
use crate::error::Error;
use petrel_frame::FrameView;

/// A bolt that takes whole frames. Export it with [`export_batch_bolt!`](crate::export_batch_bolt).
pub trait BatchBolt: Sized + 'static {
    /// The configuration keys it takes; none if left out.
    fn config_keys() -> Vec<ConfigKey> {
        Vec::new()
    }

    /// Which columns it reads, which streams it emits, what state it keeps. Pure: the same arguments, the same answer.
    ///
    /// It is asked once for the whole topology with the streams as they are, and again before each
    /// [`open`](BatchBolt::open) with the columns that it asked for the first time ([`Context::inputs`]).
    ///
    /// # Errors
    /// The configuration, or an input under it, is not what the bolt can work with.
    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError>;

    /// Starts.
    ///
    /// # Errors
    /// What keeps it from starting.
    fn open(context: &Context) -> Result<Self, Error>;

    /// Takes a frame of the input of that number, with the state of the keys in it.
    ///
    /// # Errors
    /// The host discards what the call did and halves the batch until it has found the row that causes it, unless
    /// [`Outputs::at`] named it. Where the bolt knows that a row is bad, [`Outputs::reject`] is better.
    fn process(
        &mut self,
        input: usize,
        frame: &FrameView<'_>,
        state: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error>;

    /// Timers of a table are due: `keys` has the key of each, `times` the time it was set for in µs since 1970. Each
    /// row of `keys` is its own key in `state`.
    ///
    /// # Errors
    /// As for [`process`](BatchBolt::process).
    fn on_timer(
        &mut self,
        table: usize,
        keys: &FrameView<'_>,
        times: &[i64],
        state: &mut BatchState<'_>,
        out: &mut Outputs,
    ) -> Result<(), Error> {
        let _ = (table, keys, times, state, out);
        Ok(())
    }

    /// Every `tick_ms` of the component. `now_us` is in µs since 1970. `state` has a key only where the tables are
    /// not keyed.
    ///
    /// # Errors
    /// The task is restarted.
    fn on_tick(&mut self, now_us: i64, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        let _ = (now_us, state, out);
        Ok(())
    }

    /// Nothing more will come from the input of that number.
    ///
    /// # Errors
    /// The task is restarted.
    fn on_end(&mut self, input: usize, state: &mut BatchState<'_>, out: &mut Outputs) -> Result<(), Error> {
        let _ = (input, state, out);
        Ok(())
    }
}

/// What a spout has to say after [`BatchSpout::next`] or [`Spout::next`](crate::Spout::next).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask again at once.
    More,
    /// Ask again at this time, or when something is acknowledged.
    Idle(crate::time::Timestamp),
    /// Nothing will come any more.
    End,
}

/// A spout that makes whole frames. Export it with [`export_batch_spout!`](crate::export_batch_spout).
pub trait BatchSpout: Sized + 'static {
    /// The configuration keys it takes; none if left out.
    fn config_keys() -> Vec<ConfigKey> {
        Vec::new()
    }

    /// Which streams it emits. Pure.
    ///
    /// # Errors
    /// The configuration is not what the spout can work with.
    fn describe(configuration: &serde_json::Value) -> Result<Description, ConfigError>;

    /// Starts, from a position that an earlier instance gave with a frame.
    ///
    /// # Errors
    /// What keeps it from starting.
    fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error>;

    /// Emits up to about so many rows and bytes. What is in the builders on return is emitted with
    /// [`position`](BatchSpout::position).
    ///
    /// # Errors
    /// The host discards what the call emitted and opens the spout anew at the last position.
    fn next(&mut self, max_rows: usize, max_bytes: usize, out: &mut SourceOutputs) -> Result<Next, Error>;

    /// Where to go on after everything that was put into the builders so far, as bytes that only this spout reads.
    fn position(&self) -> Vec<u8>;

    /// These message ids are through.
    fn ack(&mut self, ids: &[u64]) {
        let _ = ids;
    }

    /// These message ids failed: emit them again.
    fn fail(&mut self, ids: &[u64]) {
        let _ = ids;
    }

    /// Tuples are wanted again.
    fn activate(&mut self) {}

    /// `next` will not be called until [`activate`](BatchSpout::activate).
    fn deactivate(&mut self) {}
}

/// Chooses the task for each tuple of a stream: the grouping `custom`. Export it with
/// [`export_grouping!`](crate::export_grouping).
pub trait Grouping: Sized + 'static {
    /// The configuration keys it takes; none if left out.
    fn config_keys() -> Vec<ConfigKey> {
        Vec::new()
    }

    /// Which columns it reads, as the one element of [`Description::inputs`].
    ///
    /// # Errors
    /// The configuration, or the stream under it, is not what the grouping can work with.
    fn describe(configuration: &serde_json::Value, inputs: &[InputStream]) -> Result<Description, ConfigError>;

    /// Starts. [`Context::parallelism`] is the number of the consumer's tasks.
    ///
    /// # Errors
    /// What keeps it from starting.
    fn open(context: &Context) -> Result<Self, Error>;

    /// Pushes one task for each row, each less than `tasks`.
    ///
    /// # Errors
    /// The producer's call counts as failed.
    fn choose(&mut self, frame: &FrameView<'_>, tasks: u32, chosen: &mut Vec<u32>) -> Result<(), Error>;
}
