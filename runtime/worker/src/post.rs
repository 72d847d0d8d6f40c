//! How tasks reach each other: an inbox for each, bounded by the credit of the flow, not by the inbox.

use petrel_flow::acker::{Notice, ToAcker};
use petrel_flow::lineage::Line;
use petrel_flow::{ChannelId, Message, Redelivery};
use petrel_model::TaskId;
use std::collections::HashMap;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What reaches a task.
#[derive(Debug)]
pub(crate) enum Letter {
    /// From a producer. The sender had credit for it.
    Message(Message),
    /// From a consumer.
    Credit { channel: ChannelId, bytes: u64 },
    /// From a task, to an acker.
    ToAcker(Box<ToAcker>),
    /// From an acker, to a spout, about one of its lines.
    Notice { line: Line, notice: Notice },
    /// From outside: end your streams.
    Drain,
    /// From outside: try this dead letter again.
    Redelivery(Box<Redelivery>),
    /// From outside: call your guest again, if you are paused.
    Resume,
}

/// Where a task reads what reaches it.
pub(crate) type Inbox = UnboundedReceiver<Letter>;

/// The inboxes of all tasks of a topology.
#[derive(Clone, Debug, Default)]
pub(crate) struct Post {
    boxes: HashMap<TaskId, UnboundedSender<Letter>>,
}

impl Post {
    /// Opens an inbox for each task; the inboxes come in the order of the tasks.
    pub(crate) fn open(tasks: impl IntoIterator<Item = TaskId>) -> (Post, Vec<Inbox>) {
        let mut post = Post::default();
        let inboxes = tasks
            .into_iter()
            .map(|task| {
                let (sender, inbox) = unbounded_channel();
                post.boxes.insert(task, sender);
                inbox
            })
            .collect();
        (post, inboxes)
    }

    /// Delivers. A task that has ended reads no more: what is meant for it is dropped.
    pub(crate) fn deliver(&self, to: TaskId, letter: Letter) {
        if let Some(sender) = self.boxes.get(&to) {
            let _ = sender.send(letter);
        }
    }
}
