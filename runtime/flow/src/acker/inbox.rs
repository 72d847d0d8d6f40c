//! Each message counts once, and in order.

use super::message::ToAcker;
use alloc::collections::BTreeMap;
use petrel_model::{Generation, TaskId};

/// What has come from each sender.
///
/// What comes again is dropped: applied twice, an update could cancel a root, and that would be a silent loss. So is what
/// was overtaken: telling it from a repetition would take a memory of all that is missing, and a lost message is
/// harmless. Channels keep their order, so that it happens after a disturbance only.
#[derive(Clone, Debug, Default)]
pub(super) struct Inbox {
    senders: BTreeMap<TaskId, Sender>,
}

#[derive(Clone, Copy, Debug)]
struct Sender {
    generation: Generation,
    next: u64,
}

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It counts.
    Counts {
        /// Messages before it that did not come.
        missing: u64,
        /// The sender has begun a new life: what was known of the earlier one is void.
        reborn: bool,
    },
    /// It came before, was overtaken, or is of an earlier life of its sender.
    Repeated,
}

impl Inbox {
    /// Judges a message.
    pub(super) fn judge(&mut self, message: &ToAcker) -> Verdict {
        let ToAcker { from, generation, sequence, .. } = *message;
        let fresh = Sender { generation, next: 0 };
        let sender = self.senders.entry(from).or_insert(fresh);
        let reborn = sender.generation < generation;
        if reborn {
            *sender = fresh;
        }
        if sender.generation > generation || sequence < sender.next {
            return Verdict::Repeated;
        }
        let missing = sequence - sender.next;
        sender.next = sequence + 1;
        Verdict::Counts { missing, reborn }
    }
}
