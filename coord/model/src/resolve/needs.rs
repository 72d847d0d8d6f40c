//! The fields that a plugin reads against those that its input has.

use super::Configured;
use super::edge::Edge;
use crate::problem::Problem;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use petrel_frame::{Field, Schema};

/// For each field that the plugin reads, the column of the producer's stream. What is missing or of another type is
/// reported and left out.
pub(crate) fn columns(
    configured: &Configured<'_>,
    edge: &Edge<'_>,
    needs: &Schema,
    problems: &mut Vec<Problem>,
) -> Vec<usize> {
    let mut columns = Vec::with_capacity(needs.fields.len());
    for need in &needs.fields {
        match edge.schema.position(&need.name) {
            Some(column) if edge.schema.fields[column].fits(need) => columns.push(column),
            Some(column) => problems.push(misfit(configured, edge, need, &edge.schema.fields[column])),
            None => problems.push(missing(configured, edge, need, needs)),
        }
    }
    columns
}

fn misfit(configured: &Configured<'_>, edge: &Edge<'_>, need: &Field, found: &Field) -> Problem {
    let message = format!(
        "{} reads the field `{}` as `{}`, and the stream `{}` has it as `{}`",
        configured.owner,
        need.name,
        need.type_name(),
        edge.stream_name(),
        found.type_name()
    );
    let but_for_optional = found.clone().optional().fits(&need.clone().optional());
    Problem::at(&edge.spec.from.place, message).help(match but_for_optional {
        true => "the plugin does not take tuples in which the field is absent: filter them out before".to_string(),
        false => format!("put a component between them that converts it, or `rename` another field to `{}`", need.name),
    })
}

fn missing(configured: &Configured<'_>, edge: &Edge<'_>, need: &Field, needs: &Schema) -> Problem {
    let stream = edge.stream_name();
    let message = format!(
        "{} reads the field `{need}`, which the stream `{stream}` does not have (plugin `{}`)",
        configured.owner, **configured.reference
    );
    if let Some(rename) = edge.spec.rename.iter().find(|rename| rename.theirs.value == need.name) {
        return Problem::at(&rename.ours.place, message)
            .help(format!("`rename` calls it `{}` here: leave that out", *rename.ours));
    }
    let candidates = edge.schema.fields.iter().enumerate();
    let mut candidates = candidates.filter(|(_, field)| field.fits(need) && needs.field(&field.name).is_none());
    let help = match candidates.next() {
        Some((column, _)) => format!(
            "the stream has {}; if one of them is meant: `rename = {{ {} = \"{}\" }}`",
            fields(&edge.schema),
            edge.stream.schema.fields[column].name,
            need.name
        ),
        None if edge.schema.fields.is_empty() => {
            format!("the stream has no fields: read from another one than `{stream}`")
        }
        None => format!("the stream has {}: none of them would do, so read from another one", fields(&edge.schema)),
    };
    Problem::at(&edge.spec.from.place, message).help(help)
}

fn fields(schema: &Schema) -> String {
    crate::problem::list(&schema.fields.iter().map(Field::to_string).collect::<Vec<_>>())
}
