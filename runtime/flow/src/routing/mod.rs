//! Which task gets which tuples.
//!
//! A [`Router`] stands between an output stream and one consumer. It takes a frame of the producer and gives frames
//! with the consumer's columns, each for one of its targets. It decides nothing about when they are sent. What it is
//! told about the targets is how busy they are.
//!
//! | grouping | a frame goes |
//! |---|---|
//! | shuffle, none | in parts to all idle targets, else whole to the least busy one |
//! | local-or-shuffle | the same among the targets of this worker, where there are any |
//! | fields | row by row to the owner of the key's group |
//! | partial-key | row by row to the one of the key's two targets that got less so far |
//! | all | whole to each target, shared |
//! | global | whole to target 0 |
//! | direct | whole to the target that the guest named |
//! | custom | row by row to the target that a plugin names |

mod all;
mod custom;
mod direct;
mod fields;
mod global;
mod key;
mod partial_key;
mod projection;
mod scatter;
mod shuffle;
#[cfg(test)]
mod tests;

use crate::frame::Frame;
use crate::tuning::Tuning;
use alloc::string::String;
use alloc::vec::Vec;
use petrel_frame::Schema;
use petrel_model::{Grouping, Input};

pub(crate) use projection::Projection;

/// A frame and the number of the target that it goes to.
pub(crate) type Delivery = (usize, Frame);

/// What is known when a frame is to be routed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now<'a> {
    /// For each target, the bytes that it has not processed yet, as far as this sender knows.
    pub(crate) loads: &'a [u64],
    /// The task that the guest named, with direct emission.
    pub(crate) direct: Option<u32>,
    /// Whether anybody follows the rows. If not, how they are spread is not told: it takes time.
    pub(crate) followed: bool,
}

/// Which rows of a frame its deliveries have, for whoever follows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spread {
    /// Each has all of them.
    All,
    /// The deliveries have consecutive rows, each so many.
    Parts(Vec<u32>),
    /// Each row is in the delivery to this target, and the deliveries come in the order of their targets.
    ByRow(Vec<u32>),
}

/// What became of a frame that was given to a router.
#[derive(Debug, PartialEq)]
pub(crate) enum Routed {
    /// It was delivered.
    Delivered(Spread),
    /// A grouping plugin is to be asked about these columns of it; [`Router::chosen`] goes on.
    Ask(Frame),
}

/// The rule of one edge.
#[derive(Debug)]
pub(crate) struct Router {
    targets: usize,
    projection: Projection,
    rule: Rule,
}

#[derive(Debug)]
enum Rule {
    Shuffle(shuffle::Shuffle),
    Fields(fields::Fields),
    PartialKey(partial_key::PartialKey),
    All,
    Global,
    Direct,
    Custom(custom::Custom),
}

impl Router {
    /// The router of an edge to a consumer with so many targets, from a stream of that schema.
    ///
    /// `local` are the targets on this worker. `start` decides where what goes round begins, `seed` keeps anybody
    /// from choosing keys that collide in tables.
    pub(crate) fn new(
        edge: &Input,
        producer: &Schema,
        targets: usize,
        local: &[usize],
        tuning: &Tuning,
        start: usize,
        seed: u64,
    ) -> Router {
        let everyone = || (0..targets).collect::<Vec<_>>();
        let keys = |columns: &[usize]| key::Keys::new(columns, tuning.dictionary_rows as usize, seed);
        let projection = Projection::new(&edge.columns, producer.fields.len());
        let scatter = || scatter::Scatter::new(&edge.schema, projection.clone(), targets);
        let rule = match &edge.grouping {
            Grouping::Shuffle | Grouping::None => Rule::Shuffle(shuffle::Shuffle::new(everyone(), start)),
            Grouping::LocalOrShuffle if local.is_empty() => Rule::Shuffle(shuffle::Shuffle::new(everyone(), start)),
            Grouping::LocalOrShuffle => Rule::Shuffle(shuffle::Shuffle::new(local.to_vec(), start)),
            // Where there is no choice, nothing is looked at.
            Grouping::Fields(_) | Grouping::PartialKey(_) if targets == 1 => Rule::Global,
            Grouping::Fields(columns) => Rule::Fields(fields::Fields::new(keys(columns), scatter(), targets)),
            Grouping::PartialKey(columns) => {
                Rule::PartialKey(partial_key::PartialKey::new(keys(columns), scatter(), targets))
            }
            Grouping::All => Rule::All,
            Grouping::Global => Rule::Global,
            Grouping::Direct => Rule::Direct,
            Grouping::Custom { columns, .. } => {
                Rule::Custom(custom::Custom::new(Projection::new(columns, producer.fields.len()), scatter()))
            }
        };
        Router { targets, projection, rule }
    }

    /// Routes a frame with at least one row.
    ///
    /// # Errors
    /// What is wrong with it, for a person to read.
    pub(crate) fn route(&mut self, frame: Frame, now: Now<'_>, to: &mut Vec<Delivery>) -> Result<Routed, String> {
        let project = |frame| self.projection.apply(frame);
        let before = to.len();
        let mut by_row = now.followed.then(Vec::new);
        match &mut self.rule {
            Rule::Shuffle(shuffle) => {
                shuffle.route(&project(frame)?, now.loads, to);
                let rows = to[before..].iter().map(|(_, part)| part.view().rows() as u32);
                return Ok(Routed::Delivered(if now.followed { Spread::Parts(rows.collect()) } else { Spread::All }));
            }
            Rule::Fields(fields) => fields.route(&frame, to, by_row.as_mut())?,
            Rule::PartialKey(partial_key) => partial_key.route(&frame, to, by_row.as_mut())?,
            Rule::All => all::route(&project(frame)?, self.targets, to),
            Rule::Global => global::route(project(frame)?, to),
            Rule::Direct => direct::route(project(frame)?, now.direct, self.targets, to)?,
            Rule::Custom(custom) => return Ok(Routed::Ask(custom.question(frame)?)),
        }
        let by_row = by_row.filter(|targets| !targets.is_empty());
        Ok(Routed::Delivered(by_row.map_or(Spread::All, Spread::ByRow)))
    }

    /// The columns of a frame that its grouping plugin is to be asked about.
    ///
    /// # Errors
    /// If they make too long a frame, or if no plugin is asked.
    pub(crate) fn question(&self, frame: &Frame) -> Result<Frame, String> {
        match &self.rule {
            Rule::Custom(custom) => custom.question(frame.clone()),
            _ => Err(String::from("a question about a grouping that does not ask")),
        }
    }

    /// Delivers a frame as its grouping plugin chose.
    ///
    /// # Errors
    /// What the plugin did wrong, for a person to read.
    pub(crate) fn chosen(&mut self, frame: &Frame, tasks: &[u32], to: &mut Vec<Delivery>) -> Result<(), String> {
        match &mut self.rule {
            Rule::Custom(custom) => custom.route(frame, tasks, self.targets, to),
            _ => Err(String::from("a task was chosen for a grouping that does not ask")),
        }
    }
}
