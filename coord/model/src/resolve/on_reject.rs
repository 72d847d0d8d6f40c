//! The stream that takes the dead letters of a component.

use crate::dead_letter::dead_letter_schema;
use crate::id::OutputIndex;
use crate::plugin::{OutputStream, World};
use crate::problem::Problem;
use crate::topology::ComponentSpec;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

/// Adds the stream behind those of the plugin; none where there is to be none, or cannot be.
pub(crate) fn add(
    spec: &ComponentSpec,
    world: World,
    outputs: &mut Vec<OutputStream>,
    problems: &mut Vec<Problem>,
) -> Option<OutputIndex> {
    let stream = spec.on_reject.as_ref()?;
    if world == World::Spout {
        let message = format!("component `{}` is a spout, and only tuples that are read can be rejected", *spec.name);
        problems.push(Problem::at(&stream.place, message).help("remove `on_reject`, or give it to a bolt"));
        return None;
    }
    if outputs.iter().any(|output| output.name == stream.as_str()) {
        let message = format!(
            "the plugin `{}` of component `{}` emits a stream `{}` itself, so its dead letters cannot go there",
            *spec.plugin, *spec.name, **stream
        );
        problems.push(Problem::at(&stream.place, message).help("give the stream of dead letters another name"));
        return None;
    }
    let number = OutputIndex(outputs.len() as u32);
    outputs.push(OutputStream {
        name: stream.to_string(),
        schema: dead_letter_schema(),
        direct: false,
        event_time: None,
    });
    Some(number)
}
