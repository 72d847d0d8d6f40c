//! Everything that reaches a task: its inputs and the channels of each input.

use crate::batch::{Batch, Receipt, Source, Whole};
use crate::batching;
use crate::dead_letter::{TupleInput, TupleOrigin};
use crate::envelope::{ChannelId, Message};
use crate::inbound::{Accepted, Inbound};
use crate::parcel::Parcel;
use crate::tuning::Tuning;
use crate::watermark::NONE;
use alloc::format;
use alloc::vec::Vec;
use petrel_frame::Schema;
use petrel_model::{Assignment, ComponentIndex, Generation, InputIndex, StreamName, TaskId, TaskIndex};

/// The receiving half of a task.
#[derive(Debug)]
pub(crate) struct Ingress {
    id: TaskId,
    generation: Generation,
    ports: Vec<Port>,
    /// The port whose turn it is.
    turn: usize,
    /// Frames of a batch that is being put together, and where they came from.
    gathered: Vec<Parcel>,
    sources: Vec<Source>,
    pub(crate) stale: u64,
    pub(crate) repeated: u64,
    pub(crate) missing: u64,
}

/// An input of the component at this task.
#[derive(Debug)]
pub(crate) struct Port {
    /// Its name, for people.
    pub(crate) stream: StreamName,
    /// What its frames look like.
    pub(crate) schema: Schema,
    /// Which of its columns are the key of the state.
    pub(crate) key_columns: Vec<usize>,
    /// The guest knows that it has ended.
    pub(crate) end_told: bool,
    from: ComponentIndex,
    channels: Vec<Inbound>,
    /// The channel whose turn it is.
    turn: usize,
}

impl Ingress {
    /// Of that task of an assignment.
    pub(crate) fn new(assignment: &Assignment, id: TaskId) -> Ingress {
        let component = assignment.component(id.component);
        let ports = component.inputs.iter().map(|input| Port {
            stream: format!("{}.{}", assignment.component(input.from).name, input.stream).into(),
            schema: input.schema.clone(),
            key_columns: component.state_key.iter().filter_map(|name| input.schema.position(name)).collect(),
            end_told: false,
            from: input.from,
            channels: (0..assignment.component(input.from).parallelism).map(|_| Inbound::new()).collect(),
            turn: 0,
        });
        Ingress {
            id,
            generation: assignment.generation,
            ports: ports.collect(),
            turn: 0,
            gathered: Vec::new(),
            sources: Vec::new(),
            stale: 0,
            repeated: 0,
            missing: 0,
        }
    }

    /// Takes a message, or drops and counts it.
    pub(crate) fn accept(&mut self, message: Message) {
        let channel = message.envelope.channel;
        if message.envelope.generation != self.generation || channel.to != self.id {
            self.stale += 1;
            return;
        }
        let port = self.ports.get_mut(channel.input.0 as usize).filter(|port| port.from == channel.from.component);
        let Some(inbound) = port.and_then(|port| port.channels.get_mut(channel.from.task.0 as usize)) else {
            self.stale += 1;
            return;
        };
        match inbound.accept(message) {
            Accepted::Queued { missing } => self.missing += missing,
            Accepted::Repeated => self.repeated += 1,
        }
    }

    /// The inputs by number.
    pub(crate) fn ports(&self) -> &[Port] {
        &self.ports
    }

    /// The input of that number.
    pub(crate) fn port_mut(&mut self, port: usize) -> &mut Port {
        &mut self.ports[port]
    }

    /// Applies watermarks and ends that are next in line, and gives every channel's watermark.
    pub(crate) fn watermarks(&mut self) -> impl Iterator<Item = i64> {
        self.ports.iter_mut().flat_map(|port| &mut port.channels).map(|channel| {
            channel.front();
            channel.watermark()
        })
    }

    /// Whether every channel of every input has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.ports.iter().all(Port::has_ended)
    }

    /// Bytes of frames that wait.
    pub(crate) fn queue_bytes(&self) -> u64 {
        self.ports.iter().flat_map(|port| &port.channels).map(Inbound::queue_bytes).sum()
    }

    /// The next frames to process, joined: inputs take turns, and the channels of an input do.
    pub(crate) fn next_batch(&mut self, tuning: &Tuning) -> Option<Batch> {
        let count = self.ports.len();
        for i in 0..count {
            let port = (self.turn + i) % count;
            if let Some(batch) = self.gather(port, tuning) {
                self.turn = (port + 1) % count;
                return Some(batch);
            }
        }
        None
    }

    /// A batch of the receipt's channel is done with: what it said about event time counts now.
    pub(crate) fn done(&mut self, port: usize, receipt: &Receipt) -> ChannelId {
        let Port { from, channels, .. } = &mut self.ports[port];
        channels[receipt.channel].advance(receipt.watermark);
        ChannelId {
            from: TaskId { component: *from, task: TaskIndex(receipt.channel as u32) },
            input: InputIndex(port as u32),
            to: self.id,
        }
    }

    fn gather(&mut self, number: usize, tuning: &Tuning) -> Option<Batch> {
        let port = &mut self.ports[number];
        let channels = port.channels.len();
        let mut receipts: Vec<Receipt> = Vec::new();
        let mut room = u64::from(tuning.frame_bytes);
        let mut first = port.turn;
        for turn in (0..channels).map(|i| (port.turn + i) % channels) {
            let channel = &mut port.channels[turn];
            while let Some(next) = channel.front() {
                let bytes = next.bytes();
                let joins = bytes < u64::from(tuning.whole_bytes) && bytes <= room;
                if !self.gathered.is_empty() && !joins {
                    break;
                }
                let Some((sequence, parcel)) = channel.pop() else { break };
                if self.gathered.is_empty() {
                    first = turn;
                }
                let watermark = parcel.frame.view().watermark().unwrap_or(NONE);
                match receipts.last_mut() {
                    Some(Receipt { channel, bytes: owed, watermark: said }) if *channel == turn => {
                        *owed += bytes;
                        *said = watermark.max(*said);
                    }
                    _ => receipts.push(Receipt { channel: turn, bytes, watermark }),
                }
                self.sources.push(Source {
                    origin: TupleOrigin { task: turn as u32, sequence, row: 0 },
                    rows: parcel.frame.view().rows() as u32,
                });
                self.gathered.push(parcel);
                // Nothing joins a large frame.
                room = if joins { room - bytes } else { 0 };
            }
            if room == 0 {
                break;
            }
        }
        if self.gathered.is_empty() {
            return None;
        }
        port.turn = (first + 1) % channels;
        let mut frames = Vec::new();
        batching::join(&mut self.gathered, |parcel| frames.push(Whole { parcel, sources: Vec::new() }));
        match &mut frames[..] {
            [joined] => joined.sources = core::mem::take(&mut self.sources),
            // What does not join stays as it came.
            each => each.iter_mut().zip(self.sources.drain(..)).for_each(|(whole, source)| whole.sources.push(source)),
        }
        Some(Batch::new(number, frames, receipts, tuning))
    }

    /// An input as dead letters tell it.
    pub(crate) fn input(&self, port: usize, origin: Option<TupleOrigin>) -> TupleInput {
        TupleInput { number: InputIndex(port as u32), stream: self.ports[port].stream.clone(), origin }
    }
}

impl Port {
    /// Whether every channel has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.channels.iter().all(Inbound::has_ended)
    }
}
