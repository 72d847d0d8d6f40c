//! The keys of a call, for what is asked of the host by key.

use crate::error::Error;
use petrel_frame::{ColumnBuilder, Field, FrameBuf, FrameBuilder, FrameView, Schema};
use std::rc::Rc;

/// The keys of a call: a frame with a row for each.
#[derive(Clone, Debug, Default)]
pub struct CallKeys {
    schema: Schema,
    frame: Option<Rc<FrameBuf>>,
    count: usize,
}

impl CallKeys {
    /// No keys, where no table asks for them.
    pub(crate) fn none() -> CallKeys {
        CallKeys::default()
    }

    /// No keys, of tables that have some.
    pub(crate) fn none_of(schema: &Schema) -> CallKeys {
        CallKeys { schema: schema.clone(), frame: None, count: 0 }
    }

    /// The one key of a task whose state is not keyed.
    pub(crate) fn task() -> Result<CallKeys, Error> {
        let mut builder = FrameBuilder::new(&Schema::default());
        builder.end_row();
        let frame = FrameBuf::from_slice(builder.finish()?);
        Ok(CallKeys { schema: Schema::default(), frame: Some(Rc::new(frame)), count: 1 })
    }

    /// The keys of some rows of a frame: where each was first seen.
    pub(crate) fn of_rows(
        frame: &FrameView<'_>,
        schema: &Schema,
        columns: &[usize],
        first_rows: &[u32],
    ) -> Result<CallKeys, Error> {
        if columns.is_empty() {
            return CallKeys::task();
        }
        let keys = petrel_frame::project(frame, columns)?;
        let keys = petrel_frame::take(&crate::batch::instance::view(&keys)?, first_rows)?;
        Ok(CallKeys { schema: schema.clone(), frame: Some(Rc::new(keys)), count: first_rows.len() })
    }

    /// A frame of keys.
    pub(crate) fn of_frame(keys: &FrameView<'_>, schema: &Schema) -> CallKeys {
        let frame = FrameBuf::from_slice(keys.bytes());
        CallKeys { schema: schema.clone(), frame: Some(Rc::new(frame)), count: keys.rows() }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// All of them as a keys frame.
    pub(crate) fn frame(&self) -> Result<&FrameBuf, Error> {
        self.frame.as_deref().ok_or_else(|| Error::new("the call has no keys"))
    }

    /// A keys frame of some of them.
    pub(crate) fn take(&self, keys: &[u32]) -> Result<FrameBuf, Error> {
        Ok(petrel_frame::take(&crate::batch::instance::view(self.frame()?)?, keys)?)
    }

    /// A keys frame with subkeys: for each the number of its key, and something to push the subkey with.
    pub(crate) fn with_subkeys<S>(
        &self,
        subkey: Field,
        entries: &[(usize, S)],
        push: impl Fn(&S, &mut ColumnBuilder),
    ) -> Result<FrameBuf, Error> {
        let keys = crate::batch::instance::view(self.frame()?)?;
        let mut schema = self.schema.clone();
        schema.fields.push(subkey);
        let mut builder = FrameBuilder::new(&schema);
        for (key, entry) in entries {
            for column in 0..keys.columns() {
                builder.column(column).push_value(keys.column(column).value(*key))?;
            }
            push(entry, builder.column(keys.columns()));
        }
        let mut frame = FrameBuf::new();
        builder.finish_into(&mut frame)?;
        Ok(frame)
    }
}

/// What is said where a bolt uses the state of a key outside of a tuple or timer.
#[cold]
#[track_caller]
pub(super) fn no_key() -> ! {
    panic!(
        "there is no current key here: in `on_tick` and `on_end` of a bolt with keyed state, use the methods of the \
         tables that go over all keys"
    )
}
