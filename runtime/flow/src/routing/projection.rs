//! Only the columns that a consumer reads travel.

use crate::frame::Frame;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Which columns of the producer's stream a reader gets, in which order.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    columns: Vec<usize>,
    identity: bool,
}

impl Projection {
    /// These columns of a stream with so many.
    pub(crate) fn new(columns: &[usize], of: usize) -> Projection {
        let identity = columns.len() == of && columns.iter().enumerate().all(|(i, column)| i == *column);
        Projection { columns: columns.to_vec(), identity }
    }

    /// The frame as the reader gets it: the same one, if the reader wants all of it.
    ///
    /// # Errors
    /// If the columns make too long a frame, as they can when a column is read under two names.
    pub(crate) fn apply(&self, frame: Frame) -> Result<Frame, String> {
        if self.identity {
            return Ok(frame);
        }
        frame.project(&self.columns).map_err(|error| {
            format!("the columns that the consumer reads do not fit into a frame: {error}; emit smaller frames")
        })
    }

    /// For each column of the reader, the producer's.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_columns_in_order_are_the_identity() {
        assert!(Projection::new(&[0, 1, 2], 3).identity);
        assert!(Projection::new(&[], 0).identity);
        assert!(!Projection::new(&[0, 1], 3).identity);
        assert!(!Projection::new(&[0, 2, 1], 3).identity);
        assert!(!Projection::new(&[0, 0], 2).identity);
    }
}
