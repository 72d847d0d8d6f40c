//! What is under way: channels that lose, repeat and disorder.

use crate::chance::Chance;
use crate::oracle::Row;
use petrel_flow::acker::{Notice, ToAcker};
use petrel_flow::lineage::{Line, Lineage};
use std::collections::{BTreeMap, VecDeque};

/// Rows and their lineage, as they travel and as they are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub(crate) rows: Vec<Row>,
    pub(crate) lineage: Lineage,
}

impl Data {
    /// Frames are joined.
    pub(crate) fn append(&mut self, mut after: Data) {
        self.rows.append(&mut after.rows);
        self.lineage.append(after.lineage);
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Message {
    Data(Data),
    ToAcker(ToAcker),
    Notice(Line, Notice),
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Bolt(usize),
    Acker(usize),
    Spout(usize),
}

/// What was done to messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Harm {
    pub(crate) lost_frames: u64,
    pub(crate) lost_reports: u64,
    pub(crate) lost_notices: u64,
    pub(crate) repeated_reports: u64,
    pub(crate) repeated_notices: u64,
    pub(crate) overtaken: u64,
}

/// Everything under way, by sender and receiver.
#[derive(Debug, Default)]
pub(crate) struct Network {
    channels: BTreeMap<(usize, To), VecDeque<Message>>,
    pub(crate) harm: Harm,
    pub(crate) is_faulty: bool,
}

impl Network {
    pub(crate) fn send(&mut self, from: usize, to: To, message: Message, chance: &mut Chance) {
        let channel = self.channels.entry((from, to)).or_default();
        if self.is_faulty && chance.hits(4) {
            match message {
                Message::Data(_) => self.harm.lost_frames += 1,
                Message::ToAcker(_) => self.harm.lost_reports += 1,
                Message::Notice(..) => self.harm.lost_notices += 1,
            }
            return;
        }
        if let Message::Data(after) = &message
            && chance.hits(200)
            && let Some(Message::Data(before)) = channel.back_mut()
        {
            before.append(after.clone());
            return;
        }
        if self.is_faulty && chance.hits(15) {
            match message {
                // Channels of frames drop these themselves.
                Message::Data(_) => {}
                Message::ToAcker(_) => {
                    self.harm.repeated_reports += 1;
                    channel.push_back(message.clone());
                }
                Message::Notice(..) => {
                    self.harm.repeated_notices += 1;
                    channel.push_back(message.clone());
                }
            }
        }
        channel.push_back(message);
        let count = channel.len();
        if self.is_faulty && count > 1 && chance.hits(15) {
            self.harm.overtaken += 1;
            channel.swap(count - 1, count - 2);
        }
    }

    /// The next message of some channel.
    pub(crate) fn deliver(&mut self, chance: &mut Chance) -> Option<(To, Message)> {
        if self.channels.is_empty() {
            return None;
        }
        let place = chance.below(self.channels.len());
        let key = *self.channels.keys().nth(place)?;
        let channel = self.channels.get_mut(&key)?;
        let message = channel.pop_front();
        if channel.is_empty() {
            self.channels.remove(&key);
        }
        message.map(|message| (key.1, message))
    }
}
