//! Everything that leaves a task: streams, their edges, and the channels of each edge.

use crate::call::{Emitted, Trap};
use crate::envelope::ChannelId;
use crate::frame::Frame;
use crate::outbound::Outbound;
use crate::routing::{Delivery, Now, Routed, Router};
use crate::step::Output;
use crate::tuning::Tuning;
use crate::watermark;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::vec::Vec;
use petrel_model::{Assignment, Edge, OutputIndex, TaskId, TaskIndex};

/// The sending half of a task.
#[derive(Debug)]
pub(crate) struct Egress {
    streams: Vec<Stream>,
    watermark: i64,
    ticket: u64,
    loads: Vec<u64>,
    deliveries: Vec<Delivery>,
}

#[derive(Debug)]
struct Stream {
    emitted_rows: u64,
    edges: Vec<Out>,
}

/// An edge and its channels, one for each task of the consumer.
#[derive(Debug)]
struct Out {
    edge: Edge,
    router: Router,
    channels: Vec<Outbound>,
    /// What a grouping plugin was asked about, in order.
    asked: VecDeque<Asked>,
}

#[derive(Debug)]
struct Asked {
    ticket: u64,
    frame: Frame,
    emitted_us: i64,
    tasks: Option<Vec<u32>>,
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
                        asked: VecDeque::new(),
                    }
                });
                Stream { emitted_rows: 0, edges: edges.collect() }
            })
            .collect();
        Egress { streams, watermark: watermark::NONE, ticket: 0, loads: Vec::new(), deliveries: Vec::new() }
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

    /// Routes a frame that a call emitted, stamped with the task's watermark, and sends what credit allows.
    ///
    /// # Errors
    /// What the guest did wrong.
    pub(crate) fn publish(&mut self, emitted: Emitted, now_us: i64, outputs: &mut Vec<Output>) -> Result<(), Trap> {
        let Emitted { output, direct, mut frame, .. } = emitted;
        let streams = self.streams.len();
        let Some(stream) = self.streams.get_mut(output as usize) else {
            return Err(Trap::contract(format!(
                "emitted to output {output}, but the plugin describes {streams} outputs"
            )));
        };
        let rows = frame.view().rows();
        stream.emitted_rows += rows as u64;
        if rows == 0 || stream.edges.is_empty() {
            return Ok(());
        }
        frame.set_watermark(self.watermark);
        for out in &mut stream.edges {
            self.loads.clear();
            self.loads.extend(out.channels.iter().map(Outbound::load));
            let now = Now { loads: &self.loads, direct };
            match out.router.route(frame.clone(), now, &mut self.deliveries).map_err(Trap::contract)? {
                Routed::Delivered => out.deliver(&mut self.deliveries, now_us, outputs),
                Routed::Ask(question) => {
                    let ticket = self.ticket;
                    self.ticket += 1;
                    let tasks = out.channels.len() as u32;
                    outputs.push(Output::Choose { ticket, edge: out.edge, tasks, frame: question });
                    out.asked.push_back(Asked { ticket, frame: frame.clone(), emitted_us: now_us, tasks: None });
                }
            }
        }
        Ok(())
    }

    /// A grouping plugin has chosen.
    ///
    /// # Errors
    /// What the plugin did wrong.
    pub(crate) fn chosen(&mut self, ticket: u64, tasks: Vec<u32>, outputs: &mut Vec<Output>) -> Result<(), Trap> {
        for out in self.streams.iter_mut().flat_map(|stream| &mut stream.edges) {
            let Some(asked) = out.asked.iter_mut().find(|asked| asked.ticket == ticket) else { continue };
            asked.tasks = Some(tasks);
            // Frames keep their order, also if answers do not.
            while let Some(Asked { frame, emitted_us, tasks: Some(tasks), .. }) =
                out.asked.pop_front_if(|asked| asked.tasks.is_some())
            {
                out.router.chosen(&frame, &tasks, &mut self.deliveries).map_err(Trap::contract)?;
                out.deliver(&mut self.deliveries, emitted_us, outputs);
            }
            return Ok(());
        }
        Ok(())
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

impl Out {
    fn deliver(&mut self, deliveries: &mut Vec<Delivery>, emitted_us: i64, outputs: &mut Vec<Output>) {
        for (target, frame) in deliveries.drain(..) {
            self.channels[target].push(frame, emitted_us, outputs);
        }
    }
}
