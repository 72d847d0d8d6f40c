//! Everything that leaves a task: streams, their edges, and the channels of each edge.

use crate::call::{Emitted, Trap};
use crate::dead_letter::{Cause, DeadLetter, Root, TupleInput};
use crate::envelope::ChannelId;
use crate::fields::Fields;
use crate::followed::Following;
use crate::frame::Frame;
use crate::lineage::{Account, Lineage, Path};
use crate::outbound::Outbound;
use crate::parcel::Parcel;
use crate::routing::{Delivery, Now, Routed, Router, Spread};
use crate::step::Output;
use crate::tracker::{Tracker, is_tracked};
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
    /// Whether rows are tracked.
    followed: bool,
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
    /// For each frame of it which one of the call it is, how it was spread, and over how many deliveries.
    spreads: Vec<(usize, Spread, usize)>,
    /// What a grouping plugin is to be asked about as soon as it is released: which frame of the call, all its columns, and
    /// those that the plugin reads.
    questions: Vec<(usize, Frame, Frame)>,
    /// What a grouping plugin was asked about, in order.
    asked: VecDeque<Asked>,
    consumer: ComponentName,
    stream: StreamName,
    /// Of the stream, with all its columns.
    schema: Schema,
}

#[derive(Debug)]
struct Asked {
    ticket: u64,
    parcel: Parcel,
    emitted_us: i64,
    /// Where its rows go, once that is known.
    chosen: Option<Vec<(usize, Parcel)>>,
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
                        spreads: Vec::new(),
                        questions: Vec::new(),
                        asked: VecDeque::new(),
                        consumer: consumer.name.clone(),
                        stream: format!("{}.{}", assignment.component(id.component).name, stream.name).into(),
                        schema: stream.schema.clone(),
                    }
                });
                Stream { emitted_rows: 0, prepared_rows: 0, edges: edges.collect() }
            })
            .collect();
        Egress {
            streams,
            watermark: watermark::NONE,
            next_watermark: watermark::NONE,
            ticket: 0,
            loads: Vec::new(),
            followed: is_tracked(assignment),
        }
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
        let mut emitted = emitted.into_iter().enumerate();
        let prepared = emitted.try_for_each(|(number, emitted)| self.prepare_one(number, emitted, speaks_of_time));
        if prepared.is_err() {
            for stream in &mut self.streams {
                stream.prepared_rows = 0;
                for out in &mut stream.edges {
                    out.prepared.clear();
                    out.spreads.clear();
                    out.questions.clear();
                }
            }
        }
        prepared
    }

    fn prepare_one(&mut self, number: usize, emitted: Emitted, speaks_of_time: bool) -> Result<(), Trap> {
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
            let now = Now { loads: &self.loads, direct, followed: self.followed };
            let before = out.prepared.len();
            match out.router.route(frame.clone(), now, &mut out.prepared).map_err(Trap::contract)? {
                Routed::Delivered(spread) => out.spreads.push((number, spread, out.prepared.len() - before)),
                Routed::Ask(question) => out.questions.push((number, frame.clone(), question)),
            }
        }
        Ok(())
    }

    /// Sends what was prepared, as credit allows.
    pub(crate) fn release(&mut self, mut following: Following<'_>, now_us: i64, outputs: &mut Vec<Output>) {
        for stream in &mut self.streams {
            stream.emitted_rows += core::mem::take(&mut stream.prepared_rows);
            for out in &mut stream.edges {
                let mut lineages = Vec::new();
                let mut first = 0;
                for (number, spread, deliveries) in out.spreads.drain(..) {
                    let deliveries = &out.prepared[first..first + deliveries];
                    first += deliveries.len();
                    lineages.extend(following.lineages(number, &spread, deliveries, out.channels.len()));
                }
                let mut lineages = lineages.into_iter();
                for (target, frame) in out.prepared.drain(..) {
                    let lineage = lineages.next().unwrap_or_default();
                    out.channels[target].push(Parcel { frame, lineage }, now_us, outputs);
                }
                for (number, frame, question) in out.questions.drain(..) {
                    let (ticket, tasks) = (self.ticket, out.channels.len() as u32);
                    self.ticket += 1;
                    outputs.push(Output::Choose { ticket, edge: out.edge, tasks, frame: question });
                    let parcel = Parcel { frame, lineage: following.kept(number) };
                    out.asked.push_back(Asked { ticket, parcel, emitted_us: now_us, chosen: None });
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
        tracker: Option<&mut Tracker>,
        outputs: &mut Vec<Output>,
    ) -> Option<DeadLetter> {
        let mut outs = self.streams.iter_mut().flat_map(|stream| &mut stream.edges);
        let (out, place) = outs.find_map(|out| {
            let place = out.asked.iter().position(|asked| asked.ticket == ticket)?;
            Some((out, place))
        })?;
        let frame = out.asked[place].parcel.frame.clone();
        let rows = frame.view().rows();
        let mut deliveries = Vec::new();
        let routed = tasks.and_then(|tasks| {
            out.router.chosen(&frame, &tasks, &mut deliveries).map_err(Trap::contract)?;
            Ok(tasks)
        });
        let mut letter = None;
        match routed {
            Ok(tasks) => {
                let lineage = core::mem::take(&mut out.asked[place].parcel.lineage);
                out.asked[place].chosen = Some(out.follow(lineage, tasks, deliveries, tracker, outputs));
            }
            Err(_) if rows > 1 => {
                let Asked { parcel, emitted_us, .. } = out.asked.remove(place)?;
                for (i, (part, lineage)) in halves(&parcel.lineage, rows, tracker, outputs).into_iter().enumerate() {
                    let frame = parcel.frame.slice(part);
                    // The columns of the whole frame fitted into one: so do those of its halves.
                    let Ok(question) = out.router.question(&frame) else { continue };
                    let (ticket, tasks) = (self.ticket, out.channels.len() as u32);
                    self.ticket += 1;
                    outputs.push(Output::Choose { ticket, edge: out.edge, tasks, frame: question });
                    let parcel = Parcel { frame, lineage };
                    out.asked.insert(place + i, Asked { ticket, parcel, emitted_us, chosen: None });
                }
            }
            Err(trap) => {
                let Asked { parcel, .. } = out.asked.remove(place)?;
                let mut descent = Default::default();
                if let Some(tracker) = tracker {
                    let (account, origins) = Account::of_rows(&parcel.lineage);
                    descent = tracker.descent(&account, &origins);
                    // A dead letter is done with.
                    tracker.settle(account, outputs);
                }
                letter = Some(out.letter(frame, descent, trap));
            }
        }
        // Frames keep their order, also if answers do not.
        while let Some(Asked { emitted_us, chosen: Some(deliveries), .. }) =
            out.asked.pop_front_if(|asked| asked.chosen.is_some())
        {
            for (target, parcel) in deliveries {
                out.channels[target].push(parcel, emitted_us, outputs);
            }
        }
        letter
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
        let asked = |out: &Out| out.asked.iter().map(|asked| asked.parcel.bytes()).sum::<u64>();
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

impl Out {
    /// What a grouping plugin chose, with the lineages of what goes to each target.
    fn follow(
        &self,
        lineage: Lineage,
        tasks: Vec<u32>,
        deliveries: Vec<Delivery>,
        tracker: Option<&mut Tracker>,
        outputs: &mut Vec<Output>,
    ) -> Vec<(usize, Parcel)> {
        let Some(tracker) = tracker else {
            return deliveries.into_iter().map(|(target, frame)| (target, Parcel::untracked(frame))).collect();
        };
        let (mut account, origins) = Account::of_rows(&lineage);
        let spread = Spread::ByRow(tasks);
        let lineages = tracker.send(&mut account, &origins, &spread, &deliveries, self.channels.len());
        tracker.settle(account, outputs);
        let parcel = |((target, frame), lineage)| (target, Parcel { frame, lineage });
        deliveries.into_iter().zip(lineages).map(parcel).collect()
    }

    /// The only row of a frame, for which the grouping plugin fails, as a dead letter.
    fn letter(&self, frame: Frame, (roots, paths): (Vec<Root>, Vec<Path>), trap: Trap) -> DeadLetter {
        DeadLetter {
            task: TaskId { component: self.edge.to, task: TaskIndex(0) },
            component: self.consumer.clone(),
            call: "choose",
            input: Some(TupleInput { number: self.edge.input, stream: self.stream.clone(), origin: None }),
            timer: None,
            // All columns: the plugin may read others than the consumer.
            fields: Fields::of(&frame.view(), 0, &self.schema),
            tuple: frame,
            roots,
            paths,
            cause: Cause::Fault(trap),
            attempts: 1,
            redelivery: None,
        }
    }
}

/// The two halves of rows that are kept, each with its lineage.
fn halves(
    lineage: &Lineage,
    rows: usize,
    tracker: Option<&mut Tracker>,
    outputs: &mut Vec<Output>,
) -> [(core::ops::Range<usize>, Lineage); 2] {
    let parts = [0..rows / 2, rows / 2..rows];
    let Some(tracker) = tracker else { return parts.map(|part| (part, Lineage::default())) };
    let (mut account, origins) = Account::of_rows(lineage);
    let halves = parts.map(|part| {
        let origins = origins.slice(part.start as u32, part.end as u32);
        (part, tracker.keep(&mut account, &origins))
    });
    tracker.settle(account, outputs);
    halves
}
