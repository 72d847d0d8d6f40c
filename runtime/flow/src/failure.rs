//! What goes wrong with a task beyond a single tuple.

use crate::call::Trap;
use core::fmt;
use petrel_model::{ComponentName, InputIndex, StreamName, TaskId};

/// A call that failed, why its task was paused, or why it cannot go on at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which task.
    pub task: TaskId,
    /// The component's name.
    pub component: ComponentName,
    /// The export that failed, or `choose` for a grouping plugin.
    pub call: &'static str,
    /// The input that was processed: number and name.
    pub input: Option<(InputIndex, StreamName)>,
    /// What happened, with reason and backtrace.
    pub trap: Trap,
}

impl fmt::Display for Failure {
    /// One or a few lines; the backtrace is left to the reader of [`Trap`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "component `{}`, task {}: {} failed", self.component, self.task.task.0, self.call)?;
        if let Some((number, stream)) = &self.input {
            write!(f, " on input {} (`{stream}`)", number.0)?;
        }
        write!(f, ": {}: {}", self.trap.kind.name(), self.trap.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::TrapKind;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;
    use petrel_model::{ComponentIndex, TaskIndex};

    #[test]
    fn a_failure_says_where_and_why_in_one_sentence() {
        let failure = Failure {
            task: TaskId { component: ComponentIndex(1), task: TaskIndex(3) },
            component: ComponentName::from("count"),
            call: "on-end",
            input: Some((InputIndex(0), StreamName::from("split.default"))),
            trap: Trap { kind: TrapKind::Trapped, message: String::from("unreachable"), backtrace: Vec::new() },
        };
        assert_eq!(
            failure.to_string(),
            "component `count`, task 3: on-end failed on input 0 (`split.default`): trap: unreachable"
        );
    }
}
