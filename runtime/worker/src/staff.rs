//! Makes instances for tasks: what of the assignment a guest is told, and what it is granted.

use crate::dead_letters::DeadLetters;
use crate::end::{TaskEnd, TaskName};
use crate::pauses::{OnPause, Pauses};
use crate::placement::Choice;
use crate::redelivery::{NotChosen, Redeliveries};
use petrel_flow::Trap;
use petrel_model::{
    Assignment, Component, ComponentIndex, ComponentName, Digest, Edge, Generation, Grants, Grouping, Guarantee,
    InputStream,
};
use petrel_model::{OutputIndex, TaskId, TaskIndex, World};
use petrel_sandbox::{Consumer, Instance, InstanceSpec, LogBudget, LogSink, LogSource, Plugin, PrintTarget};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The plugins of an assignment and all that their instances share.
pub(crate) struct Staff {
    pub(crate) assignment: Arc<Assignment>,
    pub(crate) plugins: BTreeMap<Digest, Plugin>,
    pub(crate) secrets: BTreeMap<String, Vec<u8>>,
    pub(crate) plugin_names: BTreeMap<ComponentName, String>,
    pub(crate) dead_letters: Option<DeadLetters>,
    pub(crate) logs: LogSink,
    pub(crate) prints: PrintTarget,
    pub(crate) pauses: Pauses,
    pub(crate) on_pause: OnPause,
    pub(crate) redeliveries: Redeliveries,
    /// Output files go on where an earlier run stopped.
    pub(crate) append: bool,
    pub(crate) seed: u64,
}

impl Staff {
    /// What people call a task.
    pub(crate) fn name(&self, id: TaskId) -> TaskName {
        let component = self.component(id.component).name.to_string();
        TaskName { component, task: id.task.0, is_grouping: false }
    }

    /// Whether a task runs a spout.
    pub(crate) fn is_spout(&self, id: TaskId) -> bool {
        self.component(id.component).world == World::Spout
    }

    /// Whether a task runs a spout that may wait for a pipe or standard input.
    pub(crate) fn may_wait(&self, id: TaskId) -> bool {
        self.is_spout(id) && !self.component(id.component).grants.paths.is_empty()
    }

    pub(crate) fn component(&self, index: ComponentIndex) -> &Component {
        self.assignment.component(index)
    }

    /// A new instance for a task. `life` counts those before it that were thrown away: where there are any, files go on where
    /// they are.
    pub(crate) async fn instance(&self, id: TaskId, life: u64, log_budget: &LogBudget) -> Result<Instance, TaskEnd> {
        let component = self.component(id.component);
        let inputs = component.inputs.iter().map(|input| {
            let producer = self.component(input.from);
            let key = match &input.grouping {
                Grouping::Fields(_) | Grouping::PartialKey(_) => input.key.clone(),
                _ => Vec::new(),
            };
            InputStream { stream: format!("{}.{}", producer.name, input.stream), schema: input.schema.clone(), key }
        });
        let spec = InstanceSpec {
            topology: self.assignment.topology.clone(),
            component: component.name.clone(),
            task: id.task,
            parallelism: component.parallelism,
            generation: self.assignment.generation,
            tracking: self.assignment.guarantee == Guarantee::AtLeastOnce,
            consumers: self.consumers(id.component),
            inputs: inputs.collect(),
            outputs: component.plugin_outputs().to_vec(),
            configuration: component.configuration.clone(),
            grants: component.grants.clone(),
            secrets: self.granted_secrets(&component.grants),
            limits: component.limits,
            logs: self.logs.clone(),
            log_budget: log_budget.clone(),
            seed: self.seed_of(id, life),
            append: life > 0 || self.append,
        };
        let plugin = self.plugin(component.plugin);
        let instance = plugin.instantiate(&spec).await;
        let mut instance = instance.map_err(|error| TaskEnd::CannotStart { task: self.name(id), error })?;
        instance.print_to(self.prints);
        Ok(instance)
    }

    /// An instance for each custom grouping that a task's outputs go through.
    pub(crate) async fn groupings(&self, id: TaskId) -> Result<HashMap<Edge, Instance>, TaskEnd> {
        let mut instances = HashMap::new();
        for output in 0..self.component(id.component).outputs.len() {
            for edge in self.assignment.edges(id.component, OutputIndex(output as u32)) {
                if let Some(instance) = self.grouping(id, edge, &LogBudget::default()).await? {
                    instances.insert(edge, instance);
                }
            }
        }
        Ok(instances)
    }

    /// A new instance for the custom grouping of an edge, for the outputs of a task. None where no plugin chooses.
    pub(crate) async fn grouping(
        &self,
        id: TaskId,
        edge: Edge,
        log_budget: &LogBudget,
    ) -> Result<Option<Instance>, TaskEnd> {
        let consumer = self.component(edge.to);
        let input = &consumer.inputs[edge.input.0 as usize];
        let Grouping::Custom { plugin, configuration, schema, .. } = &input.grouping else { return Ok(None) };
        let stream = format!("{}.{}", self.component(id.component).name, input.stream);
        let spec = InstanceSpec {
            topology: self.assignment.topology.clone(),
            component: consumer.name.clone(),
            task: id.task,
            parallelism: consumer.parallelism,
            generation: self.assignment.generation,
            tracking: false,
            consumers: Vec::new(),
            inputs: vec![InputStream { stream, schema: schema.clone(), key: Vec::new() }],
            outputs: Vec::new(),
            configuration: configuration.clone(),
            grants: Grants::default(),
            secrets: BTreeMap::new(),
            limits: consumer.limits,
            logs: self.logs.clone(),
            log_budget: log_budget.clone(),
            seed: self.seed_of(id, u64::MAX),
            append: false,
        };
        let instance = self.plugin(*plugin).instantiate(&spec).await;
        let instance = instance.map_err(|error| TaskEnd::CannotStart {
            task: TaskName { is_grouping: true, ..self.name(TaskId { component: edge.to, task: id.task }) },
            error,
        })?;
        Ok(Some(instance))
    }

    /// Has the plugin of a grouping choose a task for a dead letter, in an instance of its own: those of the producer's tasks are
    /// theirs, and where that does not run there are none.
    pub(crate) async fn choose(&self, choice: &Choice) -> Result<TaskIndex, NotChosen> {
        let producer = TaskId { component: choice.producer, task: TaskIndex(0) };
        let cannot = |why: String| NotChosen::CannotAsk(why);
        let instance = self.grouping(producer, choice.edge(), &LogBudget::default()).await;
        let Some(mut instance) = instance.map_err(|end| cannot(end.to_string()))? else {
            return Err(cannot("no plugin chooses".to_owned()));
        };
        match instance.choose(&choice.question, choice.tasks).await.map_err(NotChosen::Failed)?.first() {
            Some(task) if *task < choice.tasks => Ok(TaskIndex(*task)),
            chosen => Err(NotChosen::Failed(Trap::contract(format!(
                "the grouping plugin chose {} for one row, and the consumer has {} tasks, numbered from 0",
                chosen.map_or_else(|| "no task".to_owned(), |task| format!("task {task}")),
                choice.tasks
            )))),
        }
    }

    /// Writes to the log that nobody reads what a task prints.
    pub(crate) fn tell_no_reader(&self, id: TaskId) {
        let message = "nobody reads standard output any more: what is printed is dropped, spouts end, what is in flight is \
                       processed";
        let component = &self.component(id.component).name;
        self.logs.tell(&self.assignment.topology, component, id.task, LogSource::System, message.to_owned());
    }

    /// Every instance draws other randomness, and other handles for what it holds.
    fn seed_of(&self, id: TaskId, life: u64) -> u64 {
        let task = u64::from(id.component.0) << 32 | u64::from(id.task.0);
        let mut seed = self.seed;
        for part in [task, life] {
            // The mixer of SplitMix64: neighbours are far apart.
            seed = (seed ^ part).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            seed = (seed ^ (seed >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB);
            seed ^= seed >> 29;
        }
        seed
    }

    pub(crate) fn plugin(&self, digest: Digest) -> &Plugin {
        self.plugins.get(&digest).expect("the worker was given every plugin that the assignment names")
    }

    fn granted_secrets(&self, grants: &Grants) -> BTreeMap<String, Vec<u8>> {
        let granted = |name: &String| Some((name.clone(), self.secrets.get(name)?.clone()));
        grants.secrets.iter().filter_map(granted).collect()
    }

    fn consumers(&self, from: ComponentIndex) -> Vec<Consumer> {
        let mut consumers = Vec::new();
        for output in 0..self.component(from).plugin_outputs().len() as u32 {
            for edge in self.assignment.edges(from, OutputIndex(output)) {
                let to = self.component(edge.to);
                consumers.push(Consumer { output, component: to.name.clone(), tasks: to.parallelism });
            }
        }
        consumers
    }
}

/// The generation of a run in one process: there is no older one to fence.
pub const FIRST_GENERATION: Generation = Generation(1);
