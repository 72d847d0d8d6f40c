//! Groupings with fields as column numbers; those of plugins checked like a component.

use super::edge::Edge;
use super::{Resolver, description, needs};
use crate::assignment::Grouping;
use crate::plugin::{Plugins, World};
use crate::problem::Problem;
use crate::topology::{ComponentSpec, GroupingSpec};
use alloc::format;

impl<'a, P: Plugins> Resolver<'a, P> {
    /// Resolves the grouping of an edge; none if anything is wrong with its plugin.
    pub(super) fn grouping(&mut self, consumer: &ComponentSpec, edge: &Edge<'a>) -> Option<Grouping> {
        let (reference, config) = match &edge.spec.grouping.value {
            GroupingSpec::Shuffle => return Some(Grouping::Shuffle),
            GroupingSpec::Fields(_) => return Some(Grouping::Fields(edge.key.clone())),
            GroupingSpec::PartialKey(_) => return Some(Grouping::PartialKey(edge.key.clone())),
            GroupingSpec::All => return Some(Grouping::All),
            GroupingSpec::Global => return Some(Grouping::Global),
            GroupingSpec::Direct => return Some(Grouping::Direct),
            GroupingSpec::LocalOrShuffle => return Some(Grouping::LocalOrShuffle),
            GroupingSpec::None => return Some(Grouping::None),
            GroupingSpec::Custom { plugin, config } => (plugin, config),
        };
        let problems_before = self.problems.len();
        let owner = format!("the grouping of `{}` for component `{}`", *edge.spec.from, *consumer.name);
        let place = &edge.spec.grouping.place;
        let configured = self.configure(owner, reference, &consumer.limits.compile, place, config, |world| {
            (world != World::Grouping).then(|| {
                Problem::at(&reference.place, format!("`{}` is a {}, not a grouping", **reference, world.name()))
                    .help("name a plugin of the world `grouping`, or use one of the built-in groupings")
            })
        })?;
        if let [grant, ..] = configured.configuration.paths.as_slice() {
            let message =
                format!("a grouping may touch no files, and its configuration key `{}` grants one", grant.key);
            self.problems.push(Problem::at(place, message).help("leave that key out"));
        }
        if self.problems.len() > problems_before {
            return None;
        }
        let described = self.describe(&configured, &[edge.as_described()])?;
        description::check(&described, &configured, 1, &mut self.problems);
        if let [capability, ..] = described.capabilities.as_slice() {
            let message =
                format!("it is a grouping and cannot do without `{capability}`, which no grouping is granted");
            self.problems.push(description::fault(reference, &message));
        }
        let schema = described.inputs.into_iter().next()?;
        let columns = needs::columns(&configured, edge, &schema, &mut self.problems);
        (self.problems.len() == problems_before).then_some(Grouping::Custom {
            plugin: configured.plugin,
            configuration: configured.configuration.json,
            columns,
            schema,
        })
    }
}
