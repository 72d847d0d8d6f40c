//! Everything that leaves a task: streams, their edges, and the channels of each edge.

use crate::call::{Emitted, Trap};
use crate::dead_letter::{Cause, DeadLetter, TupleInput};
use crate::envelope::ChannelId;
use crate::fields::Fields;
use crate::frame::Frame;
use crate::outbound::Outbound;
use crate::routing::{Delivery, Now, Routed, Router};
use crate::step::Output;
use crate::tuning::Tuning;
use crate::watermark;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;
use petrel_frame::Schema;
use petrel_model::{Assignment, ComponentName, Edge, OutputIndex, StreamName, TaskId, TaskIndex};

/// The sending half of a task.
#[derive(Debug)]
pub(crate) struct Egress {
    streams: Vec<Stream>,
    watermark: i64,
    /// The watermark once what is prepared is released.
    next_watermark: i64,
    ticket: u64,
    loads: Vec<u64>,
}

#[derive(Debug)]
struct Stream {
    emitted_rows: u64,
    prepared_rows: u64,
    edges: Vec<Out>,
}

/// An edge and its channels, one for each task of the consumer.
#[derive(Debug)]
struct Out {
    edge: Edge,
    router: Router,
    channels: Vec<Outbound>,
    /// What was routed and not yet released.
    prepared: Vec<Delivery>,
    /// What a grouping plugin is to be asked about as soon as it is released: all columns, and those that it reads.
    questions: Vec<(Frame, Frame)>,
    /// What a grouping plugin was asked about, in order.
    asked: VecDeque<Asked>,
    consumer: ComponentName,
    stream: StreamName,
    schema: Schema,
}

#[derive(Debug)]
struct Asked {
    ticket: u64,
    frame: Frame,
    emitted_us: i64,
    /// Where its rows go, once that is known.
    chosen: Option<Vec<Delivery>>,
}

impl Egress {
    /// Of that task of an assignment.
    pub(crate) fn new(assignment: &Assignment, id: TaskId, tuning: &Tuning, seed: u64) -> Egress {
        let streams = assignment
            .component(id.component)
            .outputs
            .iter()
            .enumerate()
            .map(|(output, stream)| {
                let edges = assignment.edges(id.component, OutputIndex(output as u32));
                let edges = edges.into_iter().map(|edge| {
                    let consumer = assignment.component(edge.to);
                    let input = &consumer.inputs[edge.input.0 as usize];
                    let targets = consumer.parallelism as usize;
                    let to = |task: usize| TaskId { component: edge.to, task: TaskIndex(task as u32) };
                    // Once over all tasks: with thousands, asking for each target would take minutes.
                    let here = assignment.tasks.iter().filter(|id| id.component == edge.to);
                    let mut local: Vec<usize> =
                        here.map(|id| id.task.0 as usize).filter(|task| *task < targets).collect();
                    local.sort_unstable();
                    // Senders start at different targets, so that their single tuples do not all go to the first.
                    let start = id.task.0 as usize;
                    let channel = |task| {
                        let id = ChannelId { from: id, input: edge.input, to: to(task) };
                        Outbound::new(id, assignment.generation, *tuning)
                    };
                    Out {
                        edge,
                        router: Router::new(input, &stream.schema, targets, &local, tuning, start, seed),
                        channels: (0..targets).map(channel).collect(),
                        prepared: Vec::new(),
                        questions: Vec::new(),
                        asked: VecDeque::new(),
                        consumer: consumer.name.clone(),
                        stream: format!("{}.{}", assignment.component(id.component).name, stream.name).into(),
                        schema: input.schema.clone(),
                    }
                });
                Stream { emitted_rows: 0, prepared_rows: 0, edges: edges.collect() }
            })
            .collect();
        Egress { streams, watermark: watermark::NONE, next_watermark: watermark::NONE, ticket: 0, loads: Vec::new() }
    }

    /// No later tuple of the task is older than this, in µs. Frames published from now on say so.
    pub(crate) fn stamp(&mut self, watermark: i64) {
        self.watermark = self.watermark.max(watermark);
    }

    /// Tells the watermark to everybody who has not learnt it from a frame.
    pub(crate) fn announce(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        if self.watermark == watermark::NONE {
            return;
        }
        for out in self.streams.iter_mut().flat_map(|stream| &mut stream.edges) {
            // What waits for a choice is older than the watermark that comes after it.
            if out.asked.is_empty() {
                out.channels.iter_mut().for_each(|channel| channel.announce(self.watermark, now_us, outputs));
            }
        }
    }

    /// The watermark that consumers are told, in µs.
    pub(crate) fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Routes the frames that a call emitted, without sending anything: what nobody can take is found out before the
    /// call counts. A spout's frames say what the watermark is from then on.
    ///
    /// # Errors
    /// What the guest did wrong. Nothing is prepared then.
    pub(crate) fn prepare(&mut self, emitted: Vec<Emitted>, speaks_of_time: bool) -> Result<(), Trap> {
        self.next_watermark = self.watermark;
        let prepared = emitted.into_iter().try_for_each(|emitted| self.prepare_one(emitted, speaks_of_time));
        if prepared.is_err() {
            for stream in &mut self.streams {
                stream.prepared_rows = 0;
                for out in &mut stream.edges {
                    out.prepared.clear();
                    out.questions.clear();
                }
            }
        }
        prepared
    }

    fn prepare_one(&mut self, emitted: Emitted, speaks_of_time: bool) -> Result<(), Trap> {
        let Emitted { output, direct, mut frame, .. } = emitted;
        let streams = self.streams.len();
        let Some(stream) = self.streams.get_mut(output as usize) else {
            return Err(Trap::contract(format!(
                "emitted to output {output}, but the plugin describes {streams} outputs"
            )));
        };
        if let Some(watermark) = frame.view().watermark().filter(|_| speaks_of_time) {
            self.next_watermark = self.next_watermark.max(watermark);
        }
        let rows = frame.view().rows();
        stream.prepared_rows += rows as u64;
        if rows == 0 || stream.edges.is_empty() {
            return Ok(());
        }
        frame.set_watermark(self.next_watermark);
        for out in &mut stream.edges {
            self.loads.clear();
            self.loads.extend(out.channels.iter().map(Outbound::load));
            for (target, frame) in &out.prepared {
                self.loads[*target] += frame.bytes();
            }
            let now = Now { loads: &self.loads, direct };
            match out.router.route(frame.clone(), now, &mut out.prepared).map_err(Trap::contract)? {
                Routed::Delivered => {}
                Routed::Ask(question) => out.questions.push((frame.clone(), question)),
            }
        }
        Ok(())
    }

    /// Sends what was prepared, as credit allows.
    pub(crate) fn release(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        for stream in &mut self.streams {
            stream.emitted_rows += core::mem::take(&mut stream.prepared_rows);
            for out in &mut stream.edges {
                for (target, frame) in out.prepared.drain(..) {
                    out.channels[target].push(frame, now_us, outputs);
                }
                for (frame, question) in out.questions.drain(..) {
                    let (ticket, tasks) = (self.ticket, out.channels.len() as u32);
                    self.ticket += 1;
                    outputs.push(Output::Choose { ticket, edge: out.edge, tasks, frame: question });
                    out.asked.push_back(Asked { ticket, frame, emitted_us: now_us, chosen: None });
                }
            }
        }
        self.stamp(self.next_watermark);
    }

    /// A grouping plugin has chosen, or has failed: then it is asked about the two halves of the frame, down to the row
    /// for which it fails alone. That one is given back as a dead letter of the consumer.
    pub(crate) fn chosen(
        &mut self,
        ticket: u64,
        tasks: Result<Vec<u32>, Trap>,
        outputs: &mut Vec<Output>,
    ) -> Option<DeadLetter> {
        for out in self.streams.iter_mut().flat_map(|stream| &mut stream.edges) {
            let Some(place) = out.asked.iter().position(|asked| asked.ticket == ticket) else { continue };
            let Asked { frame, emitted_us, .. } = &out.asked[place];
            let mut deliveries = Vec::new();
            let routed =
                tasks.and_then(|tasks| out.router.chosen(frame, &tasks, &mut deliveries).map_err(Trap::contract));
            let mut letter = None;
            match routed {
                Ok(()) => out.asked[place].chosen = Some(deliveries),
                Err(trap) if frame.view().rows() > 1 => {
                    let (frame, emitted_us) = (frame.clone(), *emitted_us);
                    out.asked.remove(place);
                    let rows = frame.view().rows();
                    for (i, part) in [0..rows / 2, rows / 2..rows].into_iter().enumerate() {
                        let frame = frame.slice(part);
                        // The whole frame's columns were made before: those of its halves are shorter.
                        let question = out.router.question(&frame);
                        let Ok(question) = question.map_err(|_| &trap) else { continue };
                        let (ticket, tasks) = (self.ticket, out.channels.len() as u32);
                        self.ticket += 1;
                        outputs.push(Output::Choose { ticket, edge: out.edge, tasks, frame: question });
                        out.asked.insert(place + i, Asked { ticket, frame, emitted_us, chosen: None });
                    }
                }
                Err(trap) => {
                    let (tuple, fields) = match out.router.project(frame.clone()) {
                        Ok(tuple) => (tuple.clone(), Fields::of(&tuple.view(), 0, &out.schema)),
                        // The columns that the consumer reads do not fit into a frame: then it is the producer's row.
                        Err(_) => (frame.clone(), Fields(Vec::new())),
                    };
                    letter = Some(DeadLetter {
                        task: TaskId { component: out.edge.to, task: TaskIndex(0) },
                        component: out.consumer.clone(),
                        call: "choose",
                        input: Some(TupleInput { number: out.edge.input, stream: out.stream.clone(), origin: None }),
                        timer: None,
                        tuple,
                        fields,
                        cause: Cause::Fault(trap),
                        attempts: 1,
                        redelivery: None,
                    });
                    out.asked.remove(place);
                }
            }
            // Frames keep their order, also if answers do not.
            while let Some(Asked { emitted_us, chosen: Some(deliveries), .. }) =
                out.asked.pop_front_if(|asked| asked.chosen.is_some())
            {
                for (target, frame) in deliveries {
                    out.channels[target].push(frame, emitted_us, outputs);
                }
            }
            return letter;
        }
        None
    }

    /// A consumer has processed so many bytes. Credit for a channel that is not this task's is ignored.
    pub(crate) fn credit(&mut self, channel: ChannelId, bytes: u64, outputs: &mut Vec<Output>) {
        for out in self.streams.iter_mut().flat_map(|stream| &mut stream.edges) {
            if out.edge == channel.edge()
                && let Some(outbound) = out.channels.get_mut(channel.to.task.0 as usize)
                && outbound.id() == channel
            {
                return outbound.credit(bytes, outputs);
            }
        }
    }

    /// Time has passed: what lingered long enough goes.
    pub(crate) fn time(&mut self, now_us: i64, outputs: &mut Vec<Output>) {
        self.channels_mut().for_each(|channel| channel.time(now_us, outputs));
    }

    /// Nothing will be published any more. Says whether every channel has got its end.
    pub(crate) fn close(&mut self, now_us: i64, outputs: &mut Vec<Output>) -> bool {
        let choosing = self.is_choosing();
        if !choosing {
            self.channels_mut().for_each(|channel| channel.close(now_us, outputs));
        }
        !choosing && self.channels().all(Outbound::is_closed)
    }

    /// Whether the guest must not be called, because what it emitted last is not all on its way.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_choosing() || self.channels().any(Outbound::is_blocked)
    }

    /// When [`time`](Self::time) is needed, in µs.
    pub(crate) fn deadline_us(&self) -> Option<i64> {
        self.channels().filter_map(Outbound::deadline_us).min()
    }

    /// Rows emitted to each stream.
    pub(crate) fn emitted_rows(&self) -> Vec<u64> {
        self.streams.iter().map(|stream| stream.emitted_rows).collect()
    }

    /// Bytes that consumers have not processed yet.
    pub(crate) fn outstanding_bytes(&self) -> u64 {
        self.channels().map(Outbound::outstanding).sum()
    }

    /// Bytes that are not sent yet.
    pub(crate) fn unsent_bytes(&self) -> u64 {
        let asked = |out: &Out| out.asked.iter().map(|asked| asked.frame.bytes()).sum::<u64>();
        let outs = self.streams.iter().flat_map(|stream| &stream.edges);
        outs.map(asked).sum::<u64>() + self.channels().map(Outbound::unsent).sum::<u64>()
    }

    fn is_choosing(&self) -> bool {
        self.streams.iter().flat_map(|stream| &stream.edges).any(|out| !out.asked.is_empty())
    }

    fn channels(&self) -> impl Iterator<Item = &Outbound> {
        self.streams.iter().flat_map(|stream| &stream.edges).flat_map(|out| &out.channels)
    }

    fn channels_mut(&mut self) -> impl Iterator<Item = &mut Outbound> {
        self.streams.iter_mut().flat_map(|stream| &mut stream.edges).flat_map(|out| &mut out.channels)
    }
}
