//! Where a piece of a topology was written.

use alloc::string::String;
use core::ops::{Deref, Range};

/// Where something was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// In the topology's text, at these bytes.
    Text(Range<usize>),
    /// In a flag of the command line, which is shown as it would be typed.
    Flag(String),
    /// Nowhere: a default.
    #[default]
    Nowhere,
}

impl Place {
    /// The bytes of the topology's text, if it was written there.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Place::Text(span) => Some(span.clone()),
            Place::Flag(_) | Place::Nowhere => None,
        }
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Located<T> {
    /// A value that was written at a place.
    pub fn new(value: T, place: Place) -> Located<T> {
        Located { value, place }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: change(self.value), place: self.place }
    }

    /// The bytes of the topology's text, if it was written there.
    pub fn span(&self) -> Option<Range<usize>> {
        self.place.span()
    }
}

impl<T> Deref for Located<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
