//! From a topology file and the command line's overrides to an assignment.

use crate::failure::{CommandResult, Failure};
use crate::file_errors::next_step;
use crate::interruption::Loading;
use crate::plugin_set::{PluginBytes, PluginSet};
use crate::problems::{Problems, Weight};
use petrel_model::{Assignment, Component, Digest, Guarantee, Overrides, Place, Problem, Topology};
use petrel_sandbox::{Plugin, Sandbox};
use petrel_worker::{FIRST_GENERATION, TaskEnd};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The flags that change a topology without touching its file.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct OverrideFlags {
    /// Set a configuration key of a component; VALUE is TOML, or text where it is not.
    #[arg(long = "set", value_name = "NAME.KEY=VALUE", value_parser = parse_set)]
    set: Vec<(String, String, String)>,
    /// Set the number of tasks of a component.
    #[arg(long = "parallelism", value_name = "NAME=N", value_parser = parse_parallelism)]
    parallelism: Vec<(String, u32)>,
    /// Set what is promised about each tuple.
    #[arg(long, value_name = "GUARANTEE")]
    guarantee: Option<String>,
}

/// Reads `NAME.KEY=VALUE`.
pub(crate) fn parse_set(text: &str) -> Result<(String, String, String), String> {
    let (place, value) = text.split_once('=').ok_or("expected NAME.KEY=VALUE, such as lines.path=text.txt")?;
    let (name, key) = place.split_once('.').ok_or("expected NAME.KEY before the =, such as lines.path=text.txt")?;
    if name.is_empty() || key.is_empty() {
        return Err("NAME and KEY must not be empty".to_owned());
    }
    Ok((name.to_owned(), key.to_owned(), value.to_owned()))
}

fn parse_parallelism(text: &str) -> Result<(String, u32), String> {
    let (name, tasks) = text.split_once('=').ok_or("expected NAME=N, such as split=2")?;
    let tasks = tasks.parse().map_err(|_| format!("{tasks:?} is not a number of tasks"))?;
    Ok((name.to_owned(), tasks))
}

/// A topology file that was read and parsed.
pub(crate) struct TopologySource {
    path: PathBuf,
    file: String,
    text: String,
    topology: Topology,
}

/// What a topology file amounts to: what the worker takes.
pub(crate) struct Resolved {
    /// Everything resolved.
    pub(crate) assignment: Assignment,
    /// What is likely to be a mistake.
    pub(crate) warnings: Vec<Problem>,
    /// The plugins it names.
    pub(crate) plugins: BTreeMap<Digest, Plugin>,
    /// The components they were loaded from.
    pub(crate) components: BTreeMap<Digest, PluginBytes>,
}

impl TopologySource {
    /// Reads and parses a file. `-` is standard input.
    pub(crate) fn read(path: &Path) -> CommandResult<TopologySource> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(path)
        };
        let file = path.display().to_string();
        let invalid =
            |text, problems| Failure::Topology(Problems { weight: Weight::Error, file: file.clone(), text, problems });
        let text = text.map_err(|error| {
            let problem = Problem::new(format!("cannot read the topology {}: {error}", path.display()));
            invalid(String::new(), vec![Problem { help: next_step(error.kind()).map(str::to_owned), ..problem }])
        })?;
        match petrel_model::parse(&text) {
            Ok(topology) => Ok(TopologySource { path: path.to_path_buf(), file, text, topology }),
            Err(problems) => Err(invalid(text, problems)),
        }
    }

    /// The file as the user named it.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The plugin of one of its components, as the file names it.
    pub(crate) fn plugin_of(&self, component: &Component) -> &str {
        self.topology.component(component.name.as_str()).map_or("", |spec| spec.plugin.as_str())
    }

    /// What was parsed.
    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Applies changes.
    ///
    /// # Errors
    /// What it cannot be changed to, shown in it.
    pub(crate) fn apply(&mut self, overrides: &Overrides) -> CommandResult {
        self.topology.apply(overrides).map_err(|problems| self.failure(problems))
    }

    /// The folder that relative component files start from.
    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// Loads the plugins, asks them to describe themselves, and checks that everything fits and can be run by this version.
    pub(crate) fn resolve(&self, sandbox: &Arc<Sandbox>) -> CommandResult<Resolved> {
        self.resolve_telling(sandbox, Loading::default())
    }

    /// The same, and says there which plugin is being compiled.
    pub(crate) fn resolve_telling(&self, sandbox: &Arc<Sandbox>, loading: Loading) -> CommandResult<Resolved> {
        let mut plugins = PluginSet::new(sandbox.clone(), self.folder()).telling(loading);
        let resolved = petrel_model::resolve(&self.topology, &mut plugins, FIRST_GENERATION);
        if let Some(failure) = plugins.hindrance() {
            return Err(failure);
        }
        let mut problems = self.unsupported();
        match resolved {
            Ok(assignment) if problems.is_empty() => {
                let (plugins, components) = plugins.into_parts();
                let warnings = petrel_model::warnings(&self.topology, &assignment);
                Ok(Resolved { assignment, warnings, plugins, components })
            }
            resolved => {
                problems.extend(resolved.err().unwrap_or_default());
                Err(self.failure(problems))
            }
        }
    }

    /// What the topology asks for and this version does not have.
    fn unsupported(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let (guarantee, span) = self.topology.guarantee();
        if guarantee == Guarantee::ExactlyOnce {
            let message = format!("guarantee = \"{}\" does not exist yet in this version", guarantee.name());
            let help = "use guarantee = \"at-least-once\": every tuple is processed, some perhaps twice";
            problems.push(Problem { span, ..Problem::new(message).help(help) });
        }
        problems
    }

    /// What its components are to read and cannot be read now, at the key that names it.
    pub(crate) fn unreadable(&self, assignment: &Assignment) -> Vec<Problem> {
        let problem = |end: TaskEnd| {
            let TaskEnd::CannotRead { component, key, error } = end else { return None };
            let settings = &self.topology.component(&component)?.config;
            let set = settings.iter().find(|setting| Some(&setting.key.value) == key.as_ref());
            let place = set.map_or(&Place::Nowhere, |setting| setting.place());
            let message = format!("component `{component}` could not start now: {error}");
            let help = "see to it before the topology is run, or set another path";
            Some(Problem::at(place, message).help(help))
        };
        petrel_worker::unreadable_sources(assignment).into_iter().filter_map(problem).collect()
    }

    /// What is likely to be a mistake in what this was resolved to, for people; none if there is nothing.
    pub(crate) fn warnings_text(&self, resolved: &Resolved) -> Option<String> {
        let warnings = self.problems(Weight::Warning, resolved.warnings.clone());
        (!warnings.problems.is_empty()).then(|| warnings.to_string().trim_end().to_owned())
    }

    /// These problems, shown in this source.
    pub(crate) fn failure(&self, problems: Vec<Problem>) -> Failure {
        Failure::Topology(self.problems(Weight::Error, problems))
    }

    /// These problems or warnings, to be shown in this source.
    pub(crate) fn problems(&self, weight: Weight, problems: Vec<Problem>) -> Problems {
        Problems { weight, file: self.file.clone(), text: self.text.clone(), problems }
    }
}

impl OverrideFlags {
    /// Applies the flags to all topologies. A flag that names a component applies wherever there is one of that name.
    ///
    /// # Errors
    /// What no topology can be changed to, shown in one of them.
    pub(crate) fn apply(&self, sources: &mut [TopologySource]) -> CommandResult {
        let guarantee = match self.guarantee.as_deref().map(guarantee).transpose() {
            Ok(guarantee) => guarantee,
            Err(problem) => return Err(sources[0].failure(vec![problem])),
        };
        let has = |sources: &[TopologySource], name: &str| sources.iter().any(|it| it.topology.has_component(name));
        let named = self.set.iter().map(|it| &it.0).chain(self.parallelism.iter().map(|it| &it.0));
        // A name that no topology has is left in for the first one, which then says so and suggests another.
        let unknown: Vec<String> = named.filter(|name| !has(sources, name)).cloned().collect();
        for (index, source) in sources.iter_mut().enumerate() {
            let topology = &source.topology;
            let meant = |name: &String| topology.has_component(name) || (index == 0 && unknown.contains(name));
            let overrides = Overrides {
                set: self.set.iter().filter(|it| meant(&it.0)).cloned().collect(),
                parallelism: self.parallelism.iter().filter(|it| meant(&it.0)).cloned().collect(),
                plugin: Vec::new(),
                guarantee,
            };
            source.apply(&overrides)?;
        }
        Ok(())
    }
}

/// What `--guarantee` names.
fn guarantee(name: &str) -> Result<Guarantee, Problem> {
    Guarantee::from_name(name).ok_or_else(|| {
        let names = Guarantee::OFFERED.map(Guarantee::name);
        let meant = petrel_model::nearest(name, names.iter().copied());
        let hint =
            meant.map_or_else(|| format!("choose {}", names.join(" or ")), |meant| format!("did you mean `{meant}`?"));
        let place = Place::Flag(format!("--guarantee {name}"));
        Problem::at(&place, format!("there is no guarantee `{name}`")).help(hint)
    })
}

/// The sandbox with the compiled plugins of this home.
pub(crate) fn sandbox(home: &crate::home::Home) -> CommandResult<Arc<Sandbox>> {
    let compiler = crate::commands::this_program().map_err(anyhow::Error::from)?;
    let sandbox = Sandbox::new(petrel_sandbox::SandboxConfig { cache_dir: home.cache(), compiler });
    Ok(Arc::new(sandbox.map_err(anyhow::Error::from)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_failure_and_no_problem_of_the_topology() {
        let folder = tempfile::tempdir().unwrap();
        // What the compiler of plugins ends with where its output cannot be written.
        let arguments = vec!["-c".into(), "exit 5".into()];
        let compiler = petrel_sandbox::Compiler::Child { program: "/bin/sh".into(), arguments };
        let cache_dir = folder.path().join("cache");
        let config = petrel_sandbox::SandboxConfig { cache_dir: cache_dir.clone(), compiler };
        let sandbox = Arc::new(Sandbox::new(config).unwrap());
        let path = folder.path().join("t.toml");
        std::fs::write(&path, "name = \"t\"\nguarantee = \"best-effort\"\n[component.n]\nplugin = \"numbers\"\n")
            .unwrap();
        let failure = TopologySource::read(&path).unwrap().resolve(&sandbox).err().unwrap();
        assert_eq!(failure.code(), 1);
        let text = failure.text();
        assert!(text.contains(&cache_dir.display().to_string()) && text.contains("make room"), "{text}");
    }
}
