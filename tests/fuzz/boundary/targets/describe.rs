//! A plugin that describes itself as it likes, in a topology.

use crate::bench::{bench, configuration, input};
use crate::told;
use petrel_model::{
    CompileLimits, ConfigKey, DescribeProblem, Description, Digest, Field, Generation, InputStream, OutputStream,
    Plugins, World, parse, resolve,
};
use petrel_sandbox::DescribeError;

/// Runs a script as `describe`, and resolves a topology with what it says.
pub(crate) fn check(script: &[u8]) {
    let plugin = &bench().bolt;
    let description = plugin.describe(&configuration(script), &[input()]);
    match &description {
        Ok(description) => {
            assert_eq!(description.inputs.len(), 1);
            let schemas = description.inputs.iter().chain(description.outputs.iter().map(|output| &output.schema));
            schemas.for_each(|schema| assert!(schema.fields.len() <= petrel_frame::MAX_COLUMNS));
        }
        Err(DescribeError::Trap(trap)) => told(trap),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let topology = parse(TOPOLOGY).expect("the topology is sound");
    let resolved = resolve(&topology, &mut Shelf(description), Generation(1));
    if let Err(problems) = resolved {
        assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty()));
    }
}

const TOPOLOGY: &str = r#"
name = "t"
guarantee = "best-effort"
[component.source]
plugin = "source"
[component.bolt]
plugin = "bolt"
inputs = [{ from = "source", grouping = "fields", fields = ["word"] }]
"#;

/// A source of words, and the bolt as it describes itself.
struct Shelf(Result<Description, DescribeError>);

impl Plugins for Shelf {
    fn load(&mut self, reference: &str, _: &CompileLimits) -> Result<(Digest, World), String> {
        let (number, world) = if reference == "source" { (0, World::Spout) } else { (1, World::Bolt) };
        Ok((Digest([number; 32]), world))
    }

    fn config_keys(&mut self, _: Digest) -> Result<Vec<ConfigKey>, DescribeProblem> {
        Ok(Vec::new())
    }

    fn describe(&mut self, plugin: Digest, _: &str, _: &[InputStream]) -> Result<Description, DescribeProblem> {
        if plugin == Digest([0; 32]) {
            let schema = petrel_model::Schema::new([Field::new("word", petrel_frame::Scalar::String)]);
            let output = OutputStream { name: "default".into(), schema, direct: false, event_time: None };
            return Ok(Description { outputs: vec![output], ..Description::default() });
        }
        let refused = |error: &DescribeError| DescribeProblem::Refused { key: None, message: error.to_string() };
        self.0.as_ref().cloned().map_err(refused)
    }
}
