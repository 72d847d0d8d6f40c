//! What a spout emits through at the whole-frame level.

use crate::describe::OutputStream;
use crate::error::Error;
use crate::host::emit;
use petrel_frame::FrameBuilder;

/// What a spout emits through: one builder a stream, and whole frames. Staged by the host and published when the call
/// returns ok.
#[derive(Debug)]
pub struct SourceOutputs {
    streams: Vec<SourceStream>,
    tracking: bool,
}

#[derive(Debug)]
struct SourceStream {
    name: String,
    builder: FrameBuilder,
    ids: Vec<u64>,
}

impl SourceOutputs {
    pub(crate) fn new(streams: &[OutputStream], tracking: bool) -> SourceOutputs {
        let stream = |stream: &OutputStream| SourceStream {
            name: stream.name.clone(),
            builder: FrameBuilder::new(&stream.schema),
            ids: Vec::new(),
        };
        SourceOutputs { streams: streams.iter().map(stream).collect(), tracking }
    }

    /// The builder of a stream's next frame.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn builder(&mut self, output: usize) -> &mut FrameBuilder {
        &mut self.streams[output].builder
    }

    /// Names the row that was added last to a stream, for `ack` and `fail`. A stream's rows have ids all or none.
    ///
    /// # Panics
    /// There is no such stream.
    pub fn id(&mut self, output: usize, id: u64) {
        if self.tracking {
            self.streams[output].ids.push(id);
        }
    }

    /// Whether message ids are used: if not, there will be no `ack` and `fail`.
    pub fn tracking(&self) -> bool {
        self.tracking
    }

    /// The rows and bytes that are in the builders.
    pub fn pending(&self) -> (usize, usize) {
        self.streams.iter().fold((0, 0), |(rows, bytes), stream| match stream.builder.rows() {
            0 => (rows, bytes),
            more => (rows + more, bytes + stream.builder.bytes()),
        })
    }

    /// Emits what is in the builders. `position` is where to go on after it.
    ///
    /// # Errors
    /// A builder's columns do not agree, or its frame is too large.
    pub fn flush(&mut self, position: &[u8]) -> Result<(), Error> {
        for (output, stream) in self.streams.iter_mut().enumerate() {
            let rows = stream.builder.rows();
            if rows == 0 {
                continue;
            }
            if !stream.ids.is_empty() && stream.ids.len() != rows {
                return Err(Error::new(format_args!(
                    "output stream `{}`: {} of {rows} rows have an id; give one to all or to none",
                    stream.name,
                    stream.ids.len()
                )));
            }
            let frame = stream
                .builder
                .finish()
                .map_err(|error| Error::from(error).context(format_args!("output stream `{}`", stream.name)))?;
            emit::from_spout(output, None, frame, &stream.ids, position);
            stream.builder.clear();
            stream.ids.clear();
        }
        Ok(())
    }

    /// Emits a whole frame, whose rows have these ids or none, after what is in the builders.
    ///
    /// # Errors
    /// As for [`flush`](SourceOutputs::flush).
    pub fn emit_frame(&mut self, output: usize, frame: &[u8], ids: &[u64], position: &[u8]) -> Result<(), Error> {
        self.flush(position)?;
        emit::from_spout(output, None, frame, if self.tracking { ids } else { &[] }, position);
        Ok(())
    }

    /// The same to one task of every consumer. For direct streams.
    ///
    /// # Errors
    /// As for [`flush`](SourceOutputs::flush).
    pub fn emit_frame_direct(
        &mut self,
        output: usize,
        task: u32,
        frame: &[u8],
        ids: &[u64],
        position: &[u8],
    ) -> Result<(), Error> {
        self.flush(position)?;
        emit::from_spout(output, Some(task), frame, if self.tracking { ids } else { &[] }, position);
        Ok(())
    }

    pub(crate) fn begin(&mut self) {
        for stream in &mut self.streams {
            stream.builder.clear();
            stream.ids.clear();
        }
    }
}
