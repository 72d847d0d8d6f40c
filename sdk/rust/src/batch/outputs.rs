//! What a bolt emits through at the whole-frame level.

use super::Anchors;
use crate::describe::OutputStream;
use crate::error::Error;
use crate::host::emit::{self, Held};
use crate::whereabouts;
use petrel_frame::FrameBuilder;
use std::time::Duration;

/// A builder is emptied into a frame of its own when it has grown to this: large enough that the call costs nothing
/// a row, small enough to stay in a core's cache.
pub(crate) const FLUSH_BYTES: usize = 256 << 10;

/// What a bolt emits through: one builder a stream, and whole frames.
///
/// Everything is staged by the host and published when the call returns ok. What is left in the builders at the end of
/// a call is emitted then.
#[derive(Debug)]
pub struct Outputs {
    streams: Vec<StreamOutput>,
    tracking: bool,
    words: Vec<u32>,
}

impl Outputs {
    pub(crate) fn new(streams: &[OutputStream], tracking: bool) -> Outputs {
        let stream = |(number, stream): (usize, &OutputStream)| StreamOutput {
            number,
            name: stream.name.clone(),
            builder: FrameBuilder::new(&stream.schema),
            anchoring: Anchoring { tracking, counts: Vec::new(), counted_rows: 0 },
            failure: None,
        };
        let streams = streams.iter().enumerate().map(stream).collect();
        Outputs { streams, tracking, words: Vec::new() }
    }

    /// The stream of that number, to add rows to.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn stream(&mut self, output: usize) -> &mut StreamOutput {
        &mut self.streams[output]
    }

    /// How many streams there are.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Whether anchors are used: if not, computing them is wasted.
    pub fn tracking(&self) -> bool {
        self.tracking
    }

    /// Emits a whole frame, after what is in the stream's builder.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn emit_frame(&mut self, output: usize, frame: &[u8], anchors: Anchors<'_>) {
        self.streams[output].flush();
        self.send(output, None, frame, anchors);
    }

    /// Emits a whole frame to one task of every consumer. For direct streams.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn emit_frame_direct(&mut self, output: usize, task: u32, frame: &[u8], anchors: Anchors<'_>) {
        self.streams[output].flush();
        self.send(output, Some(task), frame, anchors);
    }

    fn send(&mut self, output: usize, task: Option<u32>, frame: &[u8], anchors: Anchors<'_>) {
        let anchors = if self.tracking { anchors } else { Anchors::All };
        anchors.encode(&mut self.words);
        emit::from_bolt(output, task, frame, &self.words);
    }

    /// A bad row of the input: it goes to the dead letters with this reason. Any number in a call. The host undoes the
    /// call and makes it once more without the rejected rows, so nothing needs to be taken back here.
    pub fn reject(&mut self, row: usize, reason: &str) {
        emit::reject(row, reason);
    }

    /// As [`reject`](Outputs::reject), but the row comes again after the delay, a limited number of times.
    pub fn retry(&mut self, row: usize, after: Duration, reason: &str) {
        emit::retry(row, after.as_millis().min(u64::MAX as u128) as u64, reason);
    }

    /// The bolt is at this row of the input from now on, until the call is over. Should it panic, or return an error, the host
    /// knows which tuple is to blame, and need not halve the batch to find it. A word in memory: cheap enough for every row.
    pub fn at(&mut self, row: usize) {
        whereabouts::at(row);
    }

    /// Keeps rows unacknowledged beyond this call.
    pub fn hold(&mut self, rows: &[u32]) -> Held {
        emit::hold(rows)
    }

    /// A call with an input of so many rows begins.
    pub(crate) fn begin(&mut self, input_rows: usize) {
        whereabouts::nowhere();
        for stream in &mut self.streams {
            stream.builder.clear();
            stream.anchoring.begin(input_rows);
            stream.failure = None;
        }
    }

    /// The call ends: emits what is left.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        whereabouts::nowhere();
        self.streams.iter_mut().for_each(StreamOutput::flush);
        self.streams.iter_mut().find_map(|stream| stream.failure.take()).map_or(Ok(()), Err)
    }
}

/// One stream of [`Outputs`].
#[derive(Debug)]
pub struct StreamOutput {
    number: usize,
    name: String,
    builder: FrameBuilder,
    anchoring: Anchoring,
    failure: Option<Error>,
}

impl StreamOutput {
    /// The builder of the stream's next frame. Add to every column, then say so with
    /// [`end_row`](FrameBuilder::end_row) or [`end_rows`](FrameBuilder::end_rows).
    pub fn builder(&mut self) -> &mut FrameBuilder {
        &mut self.builder
    }

    /// Whether anchors are used.
    pub(crate) fn tracking(&self) -> bool {
        self.anchoring.tracking
    }

    /// The rows that were added since the last call of this come from that row of the input; rows of the input must
    /// not fall. Also emits the builder when it has grown large. Costs next to nothing where nothing is tracked.
    pub fn anchor(&mut self, input_row: usize) {
        self.anchoring.count(input_row, self.builder.rows());
        self.flush_if_large();
    }

    /// As [`anchor`](StreamOutput::anchor) for consecutive rows of the input from one on, of which each has made the rows of
    /// the builder so many. Nothing is emitted between them.
    pub fn anchor_each(&mut self, first_input_row: usize, rows: &[usize]) {
        for (input_row, rows) in (first_input_row..).zip(rows) {
            self.anchoring.count(input_row, *rows);
        }
        self.flush_if_large();
    }

    /// Emits the builder if it has grown to a quarter of a MiB. To be called between rows by whoever does not
    /// [`anchor`](StreamOutput::anchor): a frame must stay below 16 MiB.
    pub fn flush_if_large(&mut self) {
        if self.builder.bytes() >= FLUSH_BYTES {
            self.flush();
        }
    }

    /// Emits what is in the builder, if anything.
    pub fn flush(&mut self) {
        let rows = self.builder.rows();
        if rows > 0 {
            match self.builder.finish() {
                Ok(frame) => emit::from_bolt(self.number, None, frame, self.anchoring.words(rows)),
                Err(error) => {
                    let error = Error::from(error).context(format_args!("output stream `{}`", self.name));
                    self.failure.get_or_insert(error);
                }
            }
        }
        self.builder.clear();
        self.anchoring.flushed();
    }
}

/// Counts output rows for each input row, in the form of docs/formats.md.
#[derive(Debug, Default)]
pub(crate) struct Anchoring {
    tracking: bool,
    /// A zero, then a count for each input row.
    counts: Vec<u32>,
    counted_rows: usize,
}

impl Anchoring {
    pub(crate) fn new(tracking: bool) -> Anchoring {
        Anchoring { tracking, ..Anchoring::default() }
    }

    pub(crate) fn begin(&mut self, input_rows: usize) {
        if self.tracking {
            self.counts.clear();
            self.counts.resize(input_rows + 1, 0);
            self.counted_rows = 0;
        }
    }

    /// Output rows up to `rows` that were not counted yet come from an input row.
    #[inline]
    pub(crate) fn count(&mut self, input_row: usize, rows: usize) {
        if self.tracking {
            // Timers and ticks have no input rows to count for.
            if let Some(count) = self.counts.get_mut(input_row + 1) {
                *count += (rows - self.counted_rows) as u32;
                self.counted_rows = rows;
            }
        }
    }

    /// The words for a frame of so many rows. If some were not counted, they and all others come from every input row.
    pub(crate) fn words(&self, rows: usize) -> &[u32] {
        if self.tracking && self.counted_rows == rows && self.counts.len() > 1 { &self.counts } else { &[] }
    }

    pub(crate) fn flushed(&mut self) {
        if self.tracking && self.counted_rows > 0 {
            self.counts.fill(0);
            self.counted_rows = 0;
        }
    }
}
