//! How old tuples are when they have been processed.

use crate::meters::TaskMeters;
use petrel_flow::{ChannelId, Message};
use std::collections::{HashMap, VecDeque};

/// Remembers, per channel, when what is not processed yet was sent. A channel is processed in order, and the
/// credit that a task gives back says how far it has come.
#[derive(Debug, Default)]
pub(crate) struct Ages {
    waiting: HashMap<ChannelId, VecDeque<Waiting>>,
}

#[derive(Debug)]
struct Waiting {
    bytes: u64,
    rows: u64,
    sent_us: i64,
}

impl Ages {
    /// A message has arrived.
    pub(crate) fn arrived(&mut self, message: &Message) {
        if let Some(frame) = &message.frame {
            let waiting = Waiting {
                bytes: frame.len() as u64,
                rows: frame.view().rows() as u64,
                sent_us: message.envelope.sent_us,
            };
            self.waiting.entry(message.envelope.channel).or_default().push_back(waiting);
        }
    }

    /// So many bytes of the channel are processed: their tuples' ages go to the meters.
    pub(crate) fn processed(&mut self, channel: ChannelId, mut bytes: u64, now_us: i64, meters: &TaskMeters) {
        let Some(waiting) = self.waiting.get_mut(&channel) else { return };
        while bytes > 0 {
            let Some(first) = waiting.front_mut() else { return };
            if first.bytes > bytes {
                first.bytes -= bytes;
                return;
            }
            bytes -= first.bytes;
            meters.record_latency((now_us - first.sent_us).max(0) as u64, first.rows);
            waiting.pop_front();
        }
    }
}
