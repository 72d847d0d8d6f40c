//! What flags of the command line change: `--set`, `--parallelism`, `--guarantee`.

use super::component::{ComponentSpec, Setting};
use super::place::{Located, Place};
use super::tree::{Node, Value};
use super::{PARALLELISM_MAX, Topology, toml};
use crate::assignment::Guarantee;
use crate::problem::{Problem, did_you_mean};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Changes to a topology, as flags give them. Of two for the same thing the later one holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// `--set COMPONENT.KEY=VALUE`: component, configuration key, and the text that it is set to, which is TOML if it
    /// parses as that, else a text.
    pub set: Vec<(String, String, String)>,
    /// `--parallelism COMPONENT=TASKS`: component and number of tasks.
    pub parallelism: Vec<(String, u32)>,
    /// `--plugin COMPONENT=PLUGIN`: component and plugin, as a topology names it.
    pub plugin: Vec<(String, String)>,
    /// `--guarantee GUARANTEE`.
    pub guarantee: Option<Guarantee>,
}

impl Topology {
    /// Applies what flags change. Values are checked against the plugins' configuration keys later, in `resolve`.
    ///
    /// # Errors
    ///
    /// Components that are not there, and numbers of tasks out of bounds. Nothing is changed then.
    pub fn apply(&mut self, overrides: &Overrides) -> Result<(), Vec<Problem>> {
        let mut changed = self.clone();
        let mut problems = Vec::new();
        for (component, key, value) in &overrides.set {
            let flag = format!("--set {component}.{key}={value}");
            match changed.find(component, &flag) {
                Ok(component) => component.set(key, value, flag),
                Err(problem) => problems.push(problem),
            }
        }
        for (component, tasks) in &overrides.parallelism {
            let flag = format!("--parallelism {component}={tasks}");
            match changed.find(component, &flag) {
                Ok(_) if !(1..=PARALLELISM_MAX).contains(tasks) => problems.push(
                    Problem::new(format!("`{flag}`: a component has 1 to {PARALLELISM_MAX} tasks"))
                        .help("a topology that needs more is better split into several components"),
                ),
                Ok(component) => component.parallelism = Located::new(*tasks, Place::Flag(flag)),
                Err(problem) => problems.push(problem),
            }
        }
        for (component, plugin) in &overrides.plugin {
            let flag = format!("--plugin {component}={plugin}");
            match changed.find(component, &flag) {
                Ok(component) => component.plugin = Located::new(plugin.clone(), Place::Flag(flag)),
                Err(problem) => problems.push(problem),
            }
        }
        if let Some(guarantee) = overrides.guarantee {
            changed.guarantee = Located::new(guarantee, Place::Flag(format!("--guarantee {}", guarantee.name())));
        }
        if problems.is_empty() {
            *self = changed;
            return Ok(());
        }
        Err(problems)
    }

    fn find(&mut self, name: &str, flag: &str) -> Result<&mut ComponentSpec, Problem> {
        match self.components.iter().position(|component| component.name.as_str() == name) {
            Some(at) => Ok(&mut self.components[at]),
            None => Err(Problem::new(format!("`{flag}`: the topology has no component `{name}`")).help(did_you_mean(
                name,
                self.components.iter().map(|component| component.name.as_str()),
                "it has no components",
            ))),
        }
    }
}

impl ComponentSpec {
    fn set(&mut self, key: &str, value: &str, flag: String) {
        let node = toml::value(value, &flag)
            .unwrap_or_else(|| Node::new(Value::Text(value.into()), Place::Flag(flag.clone())));
        let setting =
            Setting { key: Located::new(key.into(), Place::Flag(flag)), value: node, typed: Some(value.into()) };
        match self.config.iter_mut().find(|setting| setting.key.value == key) {
            Some(earlier) => *earlier = setting,
            None => self.config.push(setting),
        }
    }
}
