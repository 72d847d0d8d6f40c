//! What spouts and bolts share: routing rows, and telling ackers.

use crate::chance::Chance;
use crate::network::{Data, Message, Network, To};
use crate::oracle::{Oracle, Row};
use crate::world::Mutation;
use petrel_flow::acker::{Report, Reports, ToAcker};
use petrel_flow::lineage::{Account, EdgeNumbers, Lineage, Lines, Origins, Segment};
use petrel_model::{ComponentIndex, Generation, TaskId, TaskIndex};

/// How rows reach the tasks of a consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Grouping {
    /// Row by row.
    Spread,
    /// Whole to one of them.
    Whole,
    /// In two parts.
    Parts,
    /// Whole to each.
    All,
}

/// Tasks that read a stream.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub(crate) grouping: Grouping,
    pub(crate) tasks: Vec<usize>,
}

/// What everything that happens needs.
pub(crate) struct Scene {
    pub(crate) chance: Chance,
    pub(crate) network: Network,
    pub(crate) oracle: Oracle,
    pub(crate) lines: Lines,
    pub(crate) mutation: Mutation,
    /// The streams of every spout have ended.
    pub(crate) has_ended: bool,
    /// A spout waits for room. Bolts that held on until the end would let it wait for ever.
    pub(crate) is_full: bool,
}

/// The sending half of a task.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) number: usize,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) edges: EdgeNumbers,
    generation: Generation,
    pub(crate) reports: Reports,
}

impl Sender {
    pub(crate) fn new(number: usize, consumers: Vec<Consumer>, generation: Generation, lines: Lines) -> Sender {
        let edges = EdgeNumbers::new(number as u32, generation);
        let from = TaskId { component: ComponentIndex(number as u32), task: TaskIndex(0) };
        Sender { number, consumers, edges, generation, reports: Reports::new(from, generation, lines) }
    }

    /// After a crash.
    pub(crate) fn again(&self, lines: Lines) -> Sender {
        Sender::new(self.number, self.consumers.clone(), Generation(self.generation.0 + 1), lines)
    }

    /// Sends rows to everybody who reads them.
    pub(crate) fn route(&mut self, rows: &[Row], origins: &Origins, account: &mut Account, scene: &mut Scene) {
        assert_eq!(rows.len() as u32, origins.rows());
        if rows.is_empty() {
            return;
        }
        let first_edges = self.edges.clone();
        for consumer in self.consumers.clone() {
            if scene.mutation == Mutation::EdgesAreNotNumbered {
                self.edges = first_edges.clone();
            }
            let tasks = &consumer.tasks;
            match consumer.grouping {
                Grouping::Spread => {
                    let targets: Vec<u32> = rows.iter().map(|_| scene.chance.below(tasks.len()) as u32).collect();
                    let parts = account.spread(origins, tasks.len(), |row| targets[row], &mut self.edges);
                    for (target, part) in parts.into_iter().enumerate() {
                        let own = rows.iter().zip(&targets).filter(|(_, of)| **of as usize == target);
                        let own: Vec<Row> = own.map(|(row, _)| row.clone()).collect();
                        assert_eq!(part.is_none(), own.is_empty());
                        if let Some(part) = part {
                            self.send(own, part, tasks[target], scene);
                        }
                    }
                }
                Grouping::Whole => {
                    let part = account.send(origins, self.edges.draw());
                    let task = tasks[scene.chance.below(tasks.len())];
                    self.send(rows.to_vec(), part, task, scene);
                }
                Grouping::Parts => {
                    let cut = scene.chance.below(rows.len() + 1);
                    for (from, to) in [(0, cut), (cut, rows.len())] {
                        if from < to {
                            let part = account.send(&origins.slice(from as u32, to as u32), self.edges.draw());
                            let task = tasks[scene.chance.below(tasks.len())];
                            self.send(rows[from..to].to_vec(), part, task, scene);
                        }
                    }
                }
                Grouping::All => {
                    for &task in tasks {
                        if scene.mutation == Mutation::EdgesAreNotNumbered {
                            self.edges = first_edges.clone();
                        }
                        let part = account.send(origins, self.edges.draw());
                        self.send(rows.to_vec(), part, task, scene);
                    }
                }
            }
        }
    }

    fn send(&mut self, rows: Vec<Row>, segment: Segment, task: usize, scene: &mut Scene) {
        assert_eq!(rows.len() as u32, segment.rows());
        rows.iter().for_each(|row| scene.oracle.born(row));
        let message = Message::Data(Data { rows, lineage: Lineage::of(segment) });
        scene.network.send(self.number, To::Bolt(task), message, &mut scene.chance);
    }

    /// Tells an acker.
    pub(crate) fn tell(&mut self, message: ToAcker, scene: &mut Scene) {
        let to = To::Acker(message.to as usize);
        scene.network.send(self.number, to, Message::ToAcker(message), &mut scene.chance);
    }

    /// Tells ackers what is settled.
    pub(crate) fn flush(&mut self, scene: &mut Scene) {
        let mut messages = Vec::new();
        self.reports.flush(&mut messages);
        for mut message in messages {
            if let Report::Settled(settlement) = &mut message.report {
                match scene.mutation {
                    Mutation::EverythingIsTakenForHeld => settlement.held = settlement.entries.clone(),
                    Mutation::HeldRowsAreNotToldApart => settlement.held.clear(),
                    _ => {}
                }
            }
            self.tell(message, scene);
        }
    }
}
