//! Reading what a spout or a bolt emitted.

use super::host::Emitted;
use crate::describe::OutputStream;
use crate::tuple::{DynamicTuple, Tuple};
use petrel_frame::{FrameView, Schema};

/// The number of an output stream.
///
/// # Panics
/// There is no such stream.
pub(super) fn number(outputs: &[OutputStream], stream: &str) -> usize {
    outputs.iter().position(|output| output.name == stream).unwrap_or_else(|| {
        let names: Vec<_> = outputs.iter().map(|output| output.name.as_str()).collect();
        panic!("there is no output stream `{stream}`; there are: {}", names.join(", "))
    })
}

/// What was emitted to the output stream of a number, in order.
pub(super) fn of(emitted: &[Emitted], output: usize) -> impl Iterator<Item = &Emitted> {
    emitted.iter().filter(move |emitted| emitted.output == output)
}

/// The tuples of an output stream, in order.
///
/// # Panics
/// The stream has other fields.
pub(super) fn tuples<T: Tuple>(emitted: &[Emitted], output: usize) -> Vec<T::At<'_>> {
    let mut tuples = Vec::new();
    for frame in of(emitted, output).map(view) {
        let columns = T::columns(&frame).unwrap_or_else(|error| panic!("the stream has other fields: {error}"));
        tuples.extend((0..frame.rows()).map(|row| T::read(&columns, row)));
    }
    tuples
}

/// The tuples of an output stream, in order, with the names of their fields.
///
/// # Panics
/// There is no such stream.
pub(super) fn rows(emitted: &[Emitted], outputs: &[OutputStream], stream: &str) -> Vec<DynamicTuple> {
    let output = number(outputs, stream);
    of(emitted, output).flat_map(|emitted| named(&view(emitted), &outputs[output].schema)).collect()
}

/// The rows of a frame with the names of their fields.
pub(super) fn named(frame: &FrameView<'_>, schema: &Schema) -> Vec<DynamicTuple> {
    let row = |row| {
        let fields = schema.fields.iter().enumerate();
        DynamicTuple {
            fields: fields.map(|(at, field)| (field.name.clone(), frame.column(at).value(row).into())).collect(),
        }
    };
    (0..frame.rows()).map(row).collect()
}

/// The frame.
pub(super) fn view(emitted: &Emitted) -> FrameView<'_> {
    FrameView::parse(&emitted.frame).expect("it was checked when it was emitted")
}
