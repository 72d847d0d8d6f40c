//! Plugins at work: what stands between the calls of the host and the traits, native and in a component alike.

use super::state::Tables;
use super::{BatchBolt, BatchSpout, BatchState, Grouping, Next, Outputs, SourceOutputs};
use crate::context::Context;
use crate::describe::Description;
use crate::error::Error;
use crate::whereabouts;
use petrel_frame::{FrameBuf, FrameView};

/// A frame that the host hands over, or that this crate built.
///
/// In a component the host has checked it already. Natively it is checked, so that tests find what is malformed.
pub(crate) fn view(bytes: &[u8]) -> Result<FrameView<'_>, Error> {
    #[cfg(target_arch = "wasm32")]
    {
        // SAFETY: the contract has the host check every frame before it hands it over, and what this crate built comes
        // from a builder.
        unsafe { FrameView::parse_trusted(bytes) }.map_err(Error::from)
    }
    #[cfg(not(target_arch = "wasm32"))]
    FrameView::parse(bytes).map_err(Error::from)
}

/// Bytes that start at a multiple of 8: those given, or a copy of them.
fn aligned<'a>(bytes: &'a [u8], copy: &'a mut FrameBuf) -> &'a [u8] {
    if bytes.as_ptr().align_offset(8) == 0 {
        return bytes;
    }
    copy.clear();
    copy.extend_from_slice(bytes);
    copy.as_slice()
}

/// A bolt that was opened.
#[derive(Debug)]
pub struct BoltInstance<B> {
    bolt: B,
    outputs: Outputs,
    tables: Tables,
    frame_copy: FrameBuf,
    state_copy: FrameBuf,
}

impl<B: BatchBolt> BoltInstance<B> {
    /// Opens a bolt.
    ///
    /// # Errors
    /// `describe` or `open` refuse.
    pub fn open(context: &Context) -> Result<Self, Error> {
        whereabouts::tell_on_panic();
        let description = B::describe(&context.configuration, &context.inputs)?;
        let bolt = B::open(context)?;
        Ok(BoltInstance {
            bolt,
            outputs: Outputs::new(&description.outputs, context.tracking),
            tables: Tables::new(&description.tables),
            frame_copy: FrameBuf::new(),
            state_copy: FrameBuf::new(),
        })
    }

    /// `process` of the contract.
    ///
    /// # Errors
    /// What the bolt says, or a malformed frame.
    pub fn process(&mut self, input: u32, frame: &[u8], state: &[u8]) -> Result<(), Error> {
        let frame = view(aligned(frame, &mut self.frame_copy))?;
        let mut state = BatchState::parse(aligned(state, &mut self.state_copy), &self.tables)?;
        self.outputs.begin(frame.rows());
        self.bolt
            .process(input as usize, &frame, &mut state, &mut self.outputs)
            .inspect_err(|_| whereabouts::tell())?;
        self.outputs.end()
    }

    /// `on-timer` of the contract.
    ///
    /// # Errors
    /// What the bolt says, or a malformed frame.
    pub fn on_timer(&mut self, table: u32, keys: &[u8], times: &[i64], state: &[u8]) -> Result<(), Error> {
        let keys = view(aligned(keys, &mut self.frame_copy))?;
        let mut state = BatchState::parse(aligned(state, &mut self.state_copy), &self.tables)?;
        self.outputs.begin(0);
        self.bolt.on_timer(table as usize, &keys, times, &mut state, &mut self.outputs)?;
        self.outputs.end()
    }

    /// `on-tick` of the contract.
    ///
    /// # Errors
    /// What the bolt says, or a malformed frame.
    pub fn on_tick(&mut self, now_us: i64, state: &[u8]) -> Result<(), Error> {
        let mut state = BatchState::parse(aligned(state, &mut self.state_copy), &self.tables)?;
        self.outputs.begin(0);
        self.bolt.on_tick(now_us, &mut state, &mut self.outputs)?;
        self.outputs.end()
    }

    /// `on-end` of the contract.
    ///
    /// # Errors
    /// What the bolt says, or a malformed frame.
    pub fn on_end(&mut self, input: u32, state: &[u8]) -> Result<(), Error> {
        let mut state = BatchState::parse(aligned(state, &mut self.state_copy), &self.tables)?;
        self.outputs.begin(0);
        self.bolt.on_end(input as usize, &mut state, &mut self.outputs)?;
        self.outputs.end()
    }
}

/// A spout that was opened.
#[derive(Debug)]
pub struct SpoutInstance<S> {
    spout: S,
    outputs: SourceOutputs,
}

impl<S: BatchSpout> SpoutInstance<S> {
    /// Opens a spout.
    ///
    /// # Errors
    /// `describe` or `open` refuse.
    pub fn open(context: &Context, position: Option<&[u8]>) -> Result<Self, Error> {
        let description: Description = S::describe(&context.configuration)?;
        let spout = S::open(context, position)?;
        Ok(SpoutInstance { spout, outputs: SourceOutputs::new(&description.outputs, context.tracking) })
    }

    /// `next` of the contract.
    ///
    /// # Errors
    /// What the spout says.
    pub fn next(&mut self, max_rows: u32, max_bytes: u32) -> Result<Next, Error> {
        self.outputs.begin();
        let next = self.spout.next(max_rows as usize, max_bytes as usize, &mut self.outputs)?;
        if self.outputs.pending().0 > 0 {
            self.outputs.flush(&self.spout.position())?;
        }
        Ok(next)
    }

    /// The spout itself, for `ack`, `fail`, `activate` and `deactivate`.
    pub fn spout(&mut self) -> &mut S {
        &mut self.spout
    }
}

/// A grouping that was opened.
#[derive(Debug)]
pub struct GroupingInstance<G> {
    grouping: G,
    frame_copy: FrameBuf,
}

impl<G: Grouping> GroupingInstance<G> {
    /// Opens a grouping.
    ///
    /// # Errors
    /// `open` refuses.
    pub fn open(context: &Context) -> Result<Self, Error> {
        Ok(GroupingInstance { grouping: G::open(context)?, frame_copy: FrameBuf::new() })
    }

    /// `choose` of the contract.
    ///
    /// # Errors
    /// What the grouping says, a malformed frame, or a choice that is none.
    pub fn choose(&mut self, frame: &[u8], tasks: u32) -> Result<Vec<u32>, Error> {
        let frame = view(aligned(frame, &mut self.frame_copy))?;
        let mut chosen = Vec::with_capacity(frame.rows());
        self.grouping.choose(&frame, tasks, &mut chosen)?;
        if chosen.len() != frame.rows() {
            return Err(Error::new(format_args!("{} tasks were chosen for {} rows", chosen.len(), frame.rows())));
        }
        if let Some(row) = chosen.iter().position(|task| *task >= tasks) {
            return Err(Error::new(format_args!("task {} was chosen for row {row} of {tasks} tasks", chosen[row])));
        }
        Ok(chosen)
    }
}
