//! Frames that a guest hands in: checked before anything looks into them.

use crate::error::StateError;
use alloc::string::String;
use petrel_frame::{Column, Field, FrameBuf, FrameView};

/// What a frame is for: the beginning of every message about it.
#[derive(Clone, Copy)]
pub(crate) struct Purpose<'a> {
    /// The function of the contract.
    pub(crate) operation: &'static str,
    pub(crate) table: &'a str,
    /// `keys` or `values`.
    pub(crate) what: &'static str,
}

impl Purpose<'_> {
    /// Reads a frame whose columns are those fields, whatever may be absent in it.
    pub(crate) fn read<'f>(self, frame: &'f [u8], fields: &[&Field]) -> Result<FrameView<'f>, StateError> {
        let view = self.parse(frame)?;
        self.expect(&view, fields)?;
        Ok(view)
    }

    pub(crate) fn parse(self, frame: &[u8]) -> Result<FrameView<'_>, StateError> {
        FrameView::parse(frame).map_err(|source| StateError::Frame {
            operation: self.operation,
            table: self.table.into(),
            what: self.what,
            source: source.into(),
        })
    }

    pub(crate) fn expect(self, view: &FrameView<'_>, fields: &[&Field]) -> Result<(), StateError> {
        let fits =
            |column: Column<'_>, field: &Field| column.scalar() == field.scalar && column.is_list() == field.list;
        if view.columns() == fields.len() && fields.iter().enumerate().all(|(i, field)| fits(view.column(i), field)) {
            return Ok(());
        }
        let found = (0..view.columns()).map(|i| {
            let column = view.column(i);
            Field { list: column.is_list(), ..Field::new("", column.scalar()) }.type_name()
        });
        let expected = fields.iter().map(|field| Field { optional: false, ..(*field).clone() }.type_name());
        Err(StateError::Columns {
            operation: self.operation,
            table: self.table.into(),
            what: self.what,
            expected: list(expected),
            found: list(found),
        })
    }

    pub(crate) fn rows(self, what: &'static str, expected: usize, found: usize) -> Result<(), StateError> {
        if expected == found {
            return Ok(());
        }
        Err(StateError::Rows { operation: self.operation, table: self.table.into(), what, expected, found })
    }
}

fn list(types: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    for (i, name) in types.enumerate() {
        text.push_str(if i > 0 { ", " } else { "" });
        text.push_str(&name);
    }
    if text.is_empty() { "no columns".into() } else { text }
}

/// The bytes where they can be read in place, else a copy of them in `copy`.
pub(crate) fn aligned<'a>(bytes: &'a [u8], copy: &'a mut FrameBuf) -> &'a [u8] {
    if bytes.as_ptr().addr().is_multiple_of(8) {
        return bytes;
    }
    copy.clear();
    copy.extend_from_slice(bytes);
    copy
}

/// A copy of a frame that was checked.
#[derive(Debug)]
pub(crate) struct Accepted(
    /// Invariant: `FrameView::parse` accepted these bytes; nothing changes them.
    FrameBuf,
);

impl Accepted {
    /// Copies into a buffer, which may have bytes of its own, and checks.
    pub(crate) fn new(bytes: &[u8], mut buffer: FrameBuf, purpose: Purpose<'_>) -> Result<Accepted, StateError> {
        buffer.clear();
        buffer.extend_from_slice(bytes);
        purpose.parse(&buffer)?;
        Ok(Accepted(buffer))
    }

    pub(crate) fn view(&self) -> FrameView<'_> {
        // SAFETY: the invariant of `Accepted`.
        unsafe { FrameView::parse_trusted(&self.0) }.expect("the frame was accepted before")
    }

    pub(crate) fn into_buffer(self) -> FrameBuf {
        self.0
    }
}

/// How many bytes the strings of a column take when each row has its own copy: more than the frame where rows share
/// dictionary entries.
pub(crate) fn expanded(column: &Column<'_>) -> usize {
    match column.dictionary() {
        Some((indices, entries)) => indices.iter().map(|&index| entries.get(index as usize).len()).sum(),
        None => 0,
    }
}
