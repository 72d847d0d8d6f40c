//! Sources that cannot be read, noticed before anything starts: a sink empties its file when it does.

use crate::end::TaskEnd;
use petrel_model::{Assignment, Component, PathAccess, PathGrant};

/// Looks whether what the components of an assignment are granted to read is there and can be opened. Blocks. Gives one
/// end for each component for which it cannot.
pub fn unreadable_sources(assignment: &Assignment) -> Vec<TaskEnd> {
    let first_error = |component: &Component| {
        let key = |grant: &PathGrant| (grant.access != PathAccess::Stdin).then(|| grant.key.clone());
        let unreadable = |grant: &PathGrant| Some((key(grant), petrel_sandbox::check_readable(grant).err()?));
        let (key, error) = component.grants.paths.iter().find_map(unreadable)?;
        Some(TaskEnd::CannotRead { component: component.name.to_string(), key, error })
    };
    assignment.components.iter().filter_map(first_error).collect()
}
