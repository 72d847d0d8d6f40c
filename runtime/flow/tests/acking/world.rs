//! A topology, and what happens to it.

use crate::bolt::{Bolt, Did};
use crate::chance::Chance;
use crate::network::{Harm, Message, Network, To};
use crate::oracle::Oracle;
use crate::spout::Spout;
use crate::task::{Consumer, Grouping, Scene, Sender};
use petrel_flow::acker::{Acker, AckerReport, ToAcker};
use petrel_flow::lineage::{Lines, Tree};
use petrel_flow::pending::{Awaited, PendingReport};
use petrel_model::{Generation, TaskId};
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// A rule that is broken on purpose. The simulation has to notice each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    None,
    /// Messages that come again count again.
    RepetitionsCount,
    /// Everything that a call emits goes out under the same edge numbers.
    EdgesAreNotNumbered,
    /// What is taken out of a tree is told before what replaces it.
    SettledInTwoMessages,
    /// Held rows are settled like others.
    HeldRowsAreNotKept,
    /// Held rows are kept, but not told apart from those under way.
    HeldRowsAreNotToldApart,
    /// All rows are told as if they were held.
    EverythingIsTakenForHeld,
    /// Rows that wait for a retry are settled like others.
    RetriesAreNotKept,
    /// A row that fails is settled like others.
    FailuresAreNotTold,
    /// A spout does not replay.
    FailuresAreNotReplayed,
    /// There is no message timeout.
    NothingTimesOut,
}

/// Faults happen until then.
const FAULTY_STEPS: u64 = 10_000;
/// Nothing has to take longer.
const MOST_STEPS: u64 = 200_000;
const TICK_STEPS: u64 = 100;
const TIMEOUT_TICKS: u32 = 40;
const IDS: u64 = 500;

/// What happened in a run that broke no rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) steps: u64,
    pub(crate) harm: Harm,
    pub(crate) did: Did,
    pub(crate) spouts: PendingReport,
    pub(crate) ackers: AckerReport,
    pub(crate) acker_crashes: u64,
    pub(crate) replayed: u64,
    pub(crate) parked_at_end: u64,
    /// Everything that was done, in order: what, to whom, and a number that says more.
    pub(crate) transcript: Vec<(&'static str, usize, u64)>,
}

struct World {
    scene: Scene,
    spouts: Vec<Spout>,
    bolts: Vec<Bolt>,
    ackers: Vec<Acker>,
    transcript: Vec<(&'static str, usize, u64)>,
    /// For messages that are numbered anew: how many came.
    came: BTreeMap<(usize, TaskId, Generation), u64>,
    acker_crashes: u64,
}

/// A run of a seed: what happened, or which rule was broken.
pub(crate) fn run(seed: u64, mutation: Mutation) -> Result<Outcome, String> {
    let mut world = World::new(seed, mutation);
    for step in 1..=MOST_STEPS {
        world.scene.network.is_faulty = step < FAULTY_STEPS;
        world.step(step)?;
        if step > FAULTY_STEPS && world.is_over() {
            return world.end(step);
        }
    }
    Err(format!(
        "after {MOST_STEPS} steps something is still waited for: {:?}",
        world.spouts.iter().map(|spout| spout.pending.report()).collect::<Vec<_>>()
    ))
}

impl World {
    fn new(seed: u64, mutation: Mutation) -> World {
        let mut chance = Chance::new(seed);
        let spouts = 1 + chance.below(2);
        let ackers = NonZeroU32::new(1 + chance.below(3) as u32).expect("it is not 0");
        let lines = Lines::new(spouts as u32, ackers);
        // Components: each spout task, then bolts of one to three tasks that read one or two of those before them.
        let mut tasks: Vec<Vec<usize>> = (0..spouts).map(|spout| vec![spout]).collect();
        let mut count = spouts;
        let mut consumers: Vec<Vec<Consumer>> = vec![Vec::new(); spouts];
        for bolt in 0..2 + chance.below(3) {
            let own: Vec<usize> = (count..count + 1 + chance.below(3)).collect();
            count += own.len();
            let mut from: Vec<usize> = (0..1 + chance.below(2)).map(|_| chance.below(tasks.len())).collect();
            // Somebody reads every spout.
            if bolt == 0 {
                from.extend(0..spouts);
            }
            from.sort_unstable();
            from.dedup();
            for component in from {
                let groupings = [Grouping::Spread, Grouping::Spread, Grouping::Whole, Grouping::Parts, Grouping::All];
                let grouping = groupings[chance.below(groupings.len())];
                consumers[component].push(Consumer { grouping, tasks: own.clone() });
            }
            tasks.push(own);
            consumers.push(Vec::new());
        }
        let sender =
            |component: usize, task: usize| Sender::new(task, consumers[component].clone(), Generation(1), lines);
        let scene = Scene {
            chance,
            network: Network::default(),
            oracle: Oracle::default(),
            lines,
            mutation,
            has_ended: false,
            is_full: false,
        };
        let of_bolts =
            (spouts..tasks.len()).flat_map(|component| tasks[component].iter().map(move |task| (component, *task)));
        World {
            spouts: (0..spouts)
                .map(|spout| Spout::new(spout, sender(spout, spout), IDS, TIMEOUT_TICKS, &scene))
                .collect(),
            bolts: of_bolts.map(|(component, task)| Bolt::new(sender(component, task))).collect(),
            ackers: (0..lines.ackers()).map(|acker| Acker::new(acker, lines, 3 * TIMEOUT_TICKS)).collect(),
            scene,
            transcript: Vec::new(),
            came: BTreeMap::new(),
            acker_crashes: 0,
        }
    }

    fn step(&mut self, step: u64) -> Result<(), String> {
        let World { scene, spouts, bolts, transcript, .. } = self;
        if step.is_multiple_of(TICK_STEPS) {
            transcript.push(("tick", 0, step));
            self.ackers.iter_mut().for_each(Acker::tick);
            if scene.network.is_faulty && scene.chance.hits(15) {
                let number = scene.chance.below(self.ackers.len());
                transcript.push(("acker crash", number, 0));
                self.ackers[number] = Acker::new(number as u32, scene.lines, 3 * TIMEOUT_TICKS);
                self.acker_crashes += 1;
            }
            spouts.iter_mut().for_each(|spout| spout.tick(scene));
            bolts.iter_mut().for_each(|bolt| bolt.tick(scene));
            return Ok(());
        }
        let bolt = scene.chance.below(bolts.len());
        match scene.chance.below(100) {
            0..55 => {
                if let Some((to, message)) = scene.network.deliver(&mut scene.chance) {
                    self.deliver(to, message)?;
                }
            }
            55..88 => {
                if scene.network.is_faulty && scene.chance.hits(3) {
                    transcript.push(("crash", bolt, 0));
                    bolts[bolt].crash(scene.lines);
                } else {
                    bolts[bolt].step(scene);
                    transcript.push(("bolt", bolt, bolts[bolt].did.batches));
                }
            }
            _ => {
                let place = scene.chance.below(spouts.len());
                let spout = &mut spouts[place];
                spout.step(scene)?;
                transcript.push(("spout", place, spout.acked.len() as u64));
                scene.has_ended = spouts.iter().all(|spout| spout.is_closed);
                scene.is_full = spouts.iter().any(|spout| spout.pending.room() == 0);
            }
        }
        Ok(())
    }

    fn deliver(&mut self, to: To, message: Message) -> Result<(), String> {
        let scene = &mut self.scene;
        match (to, message) {
            (To::Bolt(task), Message::Data(data)) => {
                self.transcript.push(("frame", task, data.rows.len() as u64));
                self.bolts[task - self.spouts.len()].queue.push_back(data);
            }
            (To::Acker(number), Message::ToAcker(mut told)) => {
                if scene.mutation == Mutation::RepetitionsCount {
                    let ToAcker { from, generation, .. } = told;
                    let came = self.came.entry((number, from, generation)).or_default();
                    told.sequence = *came;
                    *came += 1;
                }
                self.transcript.push(("report", number, told.sequence));
                let acker = &mut self.ackers[number];
                acker.take(&told);
                let mut notices = Vec::new();
                acker.notices(&mut notices);
                for (line, notice) in notices {
                    for number in notice.acked.iter().cloned().flatten() {
                        scene.oracle.check_acked(Tree { line, number })?;
                        self.transcript.push(("acked", line.0 as usize, number));
                    }
                    let spout = scene.lines.spout(line) as usize;
                    let from = usize::MAX - number;
                    scene.network.send(from, To::Spout(spout), Message::Notice(line, notice), &mut scene.chance);
                }
            }
            (To::Spout(number), Message::Notice(line, notice)) => self.spouts[number].pending.notice(line, &notice),
            (to, message) => unreachable!("{message:?} to {to:?}"),
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.spouts.iter().all(|spout| spout.is_closed && spout.pending.awaited() == Awaited::Nothing)
    }

    fn end(mut self, steps: u64) -> Result<Outcome, String> {
        let (harm, acker_crashes) = (self.scene.network.harm, self.acker_crashes);
        let mut outcome = Outcome { steps, harm, acker_crashes, ..Outcome::default() };
        for spout in &mut self.spouts {
            spout.step(&mut self.scene)?;
            spout.check_end()?;
            let report = spout.pending.report();
            outcome.spouts.acked += report.acked;
            outcome.spouts.failed += report.failed;
            outcome.spouts.timed_out += report.timed_out;
            outcome.spouts.lost += report.lost;
            outcome.replayed += spout.replayed;
            outcome.parked_at_end += spout.parked_at_end as u64;
        }
        for report in self.ackers.iter().map(Acker::report) {
            outcome.ackers.repeated_messages += report.repeated_messages;
            outcome.ackers.missing_messages += report.missing_messages;
            outcome.ackers.forgotten_trees += report.forgotten_trees;
        }
        let total = &mut outcome.did;
        for did in self.bolts.iter().map(|bolt| bolt.did) {
            total.batches += did.batches;
            total.joined += did.joined;
            total.merged += did.merged;
            total.retried += did.retried;
            total.held += did.held;
            total.failed += did.failed;
            total.emitted_from_held += did.emitted_from_held;
            total.crashes += did.crashes;
        }
        outcome.transcript = self.transcript;
        Ok(outcome)
    }
}
