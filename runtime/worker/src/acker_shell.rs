//! The shell around one acker: it has no guest, so that all it does is to pass on what it is told.

use crate::clock::Clock;
use crate::post::{Inbox, Letter, Post};
use petrel_flow::{Input, Output, Task};

/// One running acker.
pub(crate) struct AckerShell {
    pub(crate) task: Task,
    pub(crate) inbox: Inbox,
    pub(crate) post: Post,
    pub(crate) clock: Clock,
}

impl AckerShell {
    /// Runs until it is dropped: spouts decide when everything is through.
    pub(crate) async fn run(mut self) {
        let mut outputs = Vec::new();
        let mut wake_us = i64::MAX;
        loop {
            let now_us = self.clock.now_us();
            // Also while messages keep coming: time passes all the same.
            let input = if now_us >= wake_us {
                Input::Time { now_us }
            } else {
                let sleep = tokio::time::sleep(self.clock.until(wake_us));
                tokio::select! {
                    biased;
                    letter = self.inbox.recv() => match letter {
                        Some(Letter::ToAcker(message)) => Input::ToAcker(message),
                        Some(_) => continue,
                        None => return,
                    },
                    () = sleep, if wake_us != i64::MAX => continue,
                }
            };
            self.task.step(input, &mut outputs);
            for output in outputs.drain(..) {
                match output {
                    Output::Notice { to, line, notice } => self.post.deliver(to, Letter::Notice { line, notice }),
                    Output::WakeAt(time_us) => wake_us = time_us,
                    _ => {}
                }
            }
        }
    }
}
