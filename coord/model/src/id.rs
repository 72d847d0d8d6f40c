//! Names and numbers of things, each a type of its own.

use alloc::string::{String, ToString};
use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                $type(name.to_string())
            }
        }

        impl From<String> for $type {
            fn from(name: String) -> Self {
                $type(name)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// The name of a topology; also of its run's folder.
    TopologyName
);
name!(
    /// The name of a component within its topology.
    ComponentName
);
name!(
    /// The name of an output stream of a component.
    StreamName
);

macro_rules! number {
    ($(#[$doc:meta])* $type:ident, $inner:ty, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(pub $inner);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

number!(
    /// The number of an assignment of a topology: only grows, and fences what an older one still does.
    Generation, u64, "g"
);
number!(
    /// The position of a component in its assignment.
    ComponentIndex, u32, "c"
);
number!(
    /// The number of a task within its component, from 0.
    TaskIndex, u32, "t"
);
number!(
    /// The number of an output stream within its component.
    OutputIndex, u32, "o"
);
number!(
    /// The number of an input within its component.
    InputIndex, u32, "i"
);

/// One task of a topology.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// The component it runs.
    pub component: ComponentIndex,
    /// Which of the component's tasks.
    pub task: TaskIndex,
}

impl TaskId {
    /// The acker of that number. Ackers belong to no component: theirs is a number that no component has.
    pub fn acker(number: u32) -> TaskId {
        TaskId { component: ComponentIndex(u32::MAX), task: TaskIndex(number) }
    }

    /// Whether it is an acker.
    pub fn is_acker(self) -> bool {
        self.component == ComponentIndex(u32::MAX)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_acker() {
            return write!(f, "acker{}", self.task);
        }
        write!(f, "{}{}", self.component, self.task)
    }
}

/// The SHA-256 of a component's bytes: what identifies a plugin.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{self}")
    }
}
