//! What bolts and spouts emit through, tuple by tuple.

use crate::batch::{Anchoring, FLUSH_BYTES};
use crate::describe::OutputStream;
use crate::error::Error;
use crate::host::emit;
use crate::time::Timestamp;
use crate::tuple::Tuple;
use petrel_frame::FrameBuilder;
use std::fmt;
use std::marker::PhantomData;

/// What a plugin emits: an [`Output`] for the one stream `default`, a struct of them with `#[derive(Outputs)]` for
/// several, or `()` for none.
///
/// In such a struct the streams are named as the fields are, in kebab case, or by `#[output(rename = "…")]`.
/// `#[output(direct)]` makes a stream for direct groupings.
///
/// ```
/// use petrel_sdk::{Output, Outputs, Tuple};
///
/// #[derive(Tuple)]
/// struct Word<'a> {
///     word: &'a str,
/// }
///
/// #[derive(Tuple)]
/// struct Bad {
///     line: i64,
/// }
///
/// #[derive(Outputs)]
/// struct Parsed {
///     words: Output<Word<'static>>,
///     #[output(rename = "errors")]
///     bad: Output<Bad>,
/// }
///
/// let names: Vec<String> = Parsed::streams().into_iter().map(|stream| stream.name).collect();
/// assert_eq!(names, ["words", "errors"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be what a plugin emits",
    note = "it is `Output<T>` with a tuple `T`, a struct of those with `#[derive(Outputs)]`, or `()`"
)]
pub trait Outputs: Sized {
    /// The streams, in the order of their numbers.
    fn streams() -> Vec<OutputStream>;

    /// Makes what a plugin emits through.
    fn open(opening: &mut Opening) -> Self;

    /// A call with an input of so many rows begins.
    fn begin(&mut self, input_rows: usize);

    /// What was emitted since the last call of this comes from a row of the input.
    fn anchor(&mut self, input_row: usize);

    /// Rows and bytes that were not sent off yet; a watermark alone is no row, but bytes.
    fn pending(&self) -> (usize, usize);

    /// Sends off what is there; a spout with the position after it.
    ///
    /// # Errors
    /// A frame could not be built.
    fn flush(&mut self, position: &[u8]) -> Result<(), Error>;
}

/// The numbers of outputs as they are made.
#[derive(Debug)]
pub struct Opening {
    next: usize,
    tracking: bool,
    source: bool,
    send: Send,
}

/// Sends a frame off. A function of its own for bolts and for spouts, named only where one is opened, so that a
/// component imports what its own world has and nothing else.
type Send = fn(&Sending<'_>);

/// A frame that is sent off.
struct Sending<'a> {
    output: usize,
    task: Option<u32>,
    frame: &'a [u8],
    anchors: &'a [u32],
    ids: &'a [u64],
    position: &'a [u8],
}

impl Opening {
    pub(crate) fn of_bolt(tracking: bool) -> Opening {
        let send = |sending: &Sending<'_>| {
            emit::from_bolt(sending.output, sending.task, sending.frame, sending.anchors);
        };
        Opening { next: 0, tracking, source: false, send }
    }

    pub(crate) fn of_spout(tracking: bool) -> Opening {
        let send = |sending: &Sending<'_>| {
            emit::from_spout(sending.output, sending.task, sending.frame, sending.ids, sending.position);
        };
        Opening { next: 0, tracking, source: true, send }
    }
}

impl Outputs for () {
    fn streams() -> Vec<OutputStream> {
        Vec::new()
    }

    fn open(_: &mut Opening) {}

    fn begin(&mut self, _: usize) {}

    fn anchor(&mut self, _: usize) {}

    fn pending(&self) -> (usize, usize) {
        (0, 0)
    }

    fn flush(&mut self, _: &[u8]) -> Result<(), Error> {
        Ok(())
    }
}

/// What a watermark adds to the bytes that wait to be sent off.
const WATERMARK_BYTES: usize = 8;

/// One output stream.
///
/// What is emitted becomes visible when the call that processes the batch returns ok, and not at all if it does not.
pub struct Output<T> {
    number: usize,
    builder: FrameBuilder,
    /// What was emitted since the last frame, in bytes, about.
    weight: usize,
    weight_max: usize,
    source: bool,
    send: Send,
    tracking: bool,
    anchoring: Anchoring,
    input_row: usize,
    ids: Vec<u64>,
    task: Option<u32>,
    event_time: (i64, i64),
    /// Whether the next frame has a watermark.
    watermark: bool,
    failure: Option<Error>,
    tuple: PhantomData<fn(T)>,
}

impl<T: Tuple> Output<T> {
    /// The stream as `describe` tells it.
    pub fn stream(name: &str, direct: bool) -> OutputStream {
        OutputStream { name: name.into(), schema: T::schema(), direct, event_time: T::EVENT_TIME.map(str::to_owned) }
    }

    /// Emits a tuple.
    #[inline]
    pub fn emit(&mut self, tuple: T::At<'_>) {
        T::write(&tuple, self.builder.columns_mut());
        if let Some(Timestamp(time)) = T::event_time(&tuple) {
            self.event_time = (self.event_time.0.min(time), self.event_time.1.max(time));
        }
        self.weight += T::size(&tuple);
        if self.weight >= self.weight_max {
            self.send_anchored();
        }
    }

    /// Emits a tuple to one task of every consumer. For direct streams. Quickest where many tuples in a row go to the
    /// same task.
    pub fn emit_direct(&mut self, task: u32, tuple: T::At<'_>) {
        if self.task != Some(task) {
            if self.source && self.builder.rows() > 0 {
                // A spout's position belongs to what it emits next, so its frames cannot be sent off here.
                self.fail(Error::new(
                    "a spout emits to one task only in each call of `next`: return after a tuple for another one",
                ));
                return;
            }
            self.send_anchored();
            self.task = Some(task);
        }
        self.emit(tuple);
    }

    /// Emits a tuple that `ack` and `fail` will name by this id. A spout gives an id to all tuples of a stream or none.
    #[inline]
    pub fn emit_with_id(&mut self, id: u64, tuple: T::At<'_>) {
        if self.tracking && self.source {
            self.ids.push(id);
        }
        self.emit(tuple);
    }

    /// Promises that no tuple that this spout's task emits later is older than this by event time.
    pub fn set_watermark(&mut self, time: Timestamp) {
        self.builder.set_watermark(time.0);
        if !self.watermark {
            self.watermark = true;
            self.weight += WATERMARK_BYTES;
        }
    }

    #[cold]
    fn send_anchored(&mut self) {
        self.anchoring.count(self.input_row, self.builder.rows());
        self.send_off(&[]);
    }

    fn send_off(&mut self, position: &[u8]) {
        let rows = self.builder.rows();
        if rows > 0 || self.watermark {
            if self.event_time.0 <= self.event_time.1 {
                self.builder.set_event_time(self.event_time.0, self.event_time.1);
            }
            match self.builder.finish() {
                Err(error) => self.fail(Error::from(error)),
                Ok(_) if !self.ids.is_empty() && self.ids.len() != rows => {
                    let ids = self.ids.len();
                    self.fail(Error::new(format_args!(
                        "{ids} of {rows} tuples have an id; give one to all or to none"
                    )));
                }
                Ok(frame) => (self.send)(&Sending {
                    output: self.number,
                    task: self.task,
                    frame,
                    anchors: self.anchoring.words(rows),
                    ids: &self.ids,
                    position,
                }),
            }
        }
        self.clear();
        self.anchoring.flushed();
    }

    /// Makes the call fail, with the first error if there are several.
    fn fail(&mut self, error: Error) {
        self.failure.get_or_insert(error);
    }

    fn clear(&mut self) {
        self.builder.clear();
        self.weight = 0;
        self.watermark = false;
        self.ids.clear();
        self.task = None;
        self.event_time = (i64::MAX, i64::MIN);
    }
}

impl<T: Tuple> Outputs for Output<T> {
    fn streams() -> Vec<OutputStream> {
        vec![Output::<T>::stream("default", false)]
    }

    fn open(opening: &mut Opening) -> Self {
        let number = opening.next;
        opening.next += 1;
        Output {
            number,
            builder: FrameBuilder::new(&T::schema()),
            weight: 0,
            weight_max: if opening.source { usize::MAX } else { FLUSH_BYTES },
            source: opening.source,
            send: opening.send,
            tracking: opening.tracking,
            anchoring: Anchoring::new(opening.tracking && !opening.source),
            input_row: 0,
            ids: Vec::new(),
            task: None,
            event_time: (i64::MAX, i64::MIN),
            watermark: false,
            failure: None,
            tuple: PhantomData,
        }
    }

    fn begin(&mut self, input_rows: usize) {
        self.clear();
        self.input_row = 0;
        self.failure = None;
        self.anchoring.begin(input_rows);
    }

    #[inline]
    fn anchor(&mut self, input_row: usize) {
        self.anchoring.count(input_row, self.builder.rows());
        self.input_row = input_row + 1;
    }

    fn pending(&self) -> (usize, usize) {
        (self.builder.rows(), self.weight)
    }

    fn flush(&mut self, position: &[u8]) -> Result<(), Error> {
        self.send_off(position);
        self.failure.take().map_or(Ok(()), |error| Err(error.context(format_args!("output stream {}", self.number))))
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("number", &self.number)
            .field("rows", &self.builder.rows())
            .finish_non_exhaustive()
    }
}
