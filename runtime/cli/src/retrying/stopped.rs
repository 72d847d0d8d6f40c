//! Letters of a topology that does not run: it is started for them, without its spouts and all else that they do not need.

use super::feed::feed;
use super::outcome::{LetterOutcome, Outcome};
use super::selection::Selection;
use crate::failure::{CommandResult, Failure};
use crate::home::RunFolder;
use crate::run_record;
use crate::secret_flags::SecretFlags;
use crate::session::{Session, SessionOptions};
use crate::topology_source::{Resolved, TopologySource};
use anyhow::Context;
use petrel_model::{Assignment, ComponentIndex, Guarantee, OutputIndex, Overrides};
use petrel_sandbox::Sandbox;
use petrel_worker::dead_letters::Fate;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::mpsc::channel;

/// Outcomes that wait to be told.
const OUTCOMES: usize = 64;

/// What a topology is started with for its letters.
pub(crate) struct Start {
    /// Changes to what was recorded. Relative paths in it start from the folder that the topology was started in.
    pub(crate) overrides: Overrides,
    /// Secrets by name.
    pub(crate) secrets: SecretFlags,
    /// Everything else; its secrets are filled in.
    pub(crate) options: SessionOptions,
}

/// Tries letters again with the plugins that are recorded in the folder of their run, or such as have taken their places, and
/// gives what became of each to `each`. The components that failed and all behind them run, with empty state.
///
/// A letter that is processed leaves the store when everything that came of it is through.
///
/// # Errors
/// When the topology cannot be started, or fails.
pub(crate) async fn retry_stopped(
    folder: RunFolder,
    sandbox: &Arc<Sandbox>,
    selection: Selection,
    start: Start,
    mut each: impl FnMut(LetterOutcome),
) -> CommandResult {
    let letters = folder.dead_letters();
    let selected = selection.find(&letters).map_err(anyhow::Error::from)?;
    if selected.is_empty() {
        selected.missing.into_iter().map(LetterOutcome::missing).for_each(each);
        return Ok(());
    }
    let (record, place) = run_record::read(folder.path())?;
    let mut source = TopologySource::read(&record)?;
    source.apply(&start.overrides)?;
    let mut resolved = tokio::task::block_in_place(|| source.resolve(sandbox))?;
    reduce(&mut resolved, &selected.components);
    let secrets = start.secrets.read_for(&[&running_part(&resolved.assignment)])?;
    tell_empty_state(&resolved.assignment);
    let options = SessionOptions { secrets, ..start.options };
    // After everything that the command line names was read.
    std::env::set_current_dir(&place).with_context(|| {
        format!("the topology was started in {}, where its paths start, and that cannot be entered", place.display())
    })?;
    let mut session = Session::start_retry(folder, source.topology(), resolved, options)?;

    let (sender, mut outcomes) = channel(OUTCOMES);
    let handle = session.handle().clone();
    let feeding = feed(&handle, letters, selection, sender);
    let mut processed = Vec::new();
    let telling = async {
        while let Some(outcome) = outcomes.recv().await {
            match outcome.outcome {
                Outcome::Processed => processed.push(outcome),
                _ => each(outcome),
            }
        }
    };
    let (fed, ()) = tokio::join!(feeding, telling);
    handle.end_absent();
    let failures: Vec<String> = session.wait().await.iter().map(ToString::to_string).collect();
    let fates = if failures.is_empty() {
        session.dead_letters().take_out(processed.iter().map(|outcome: &LetterOutcome| outcome.number)).await
    } else {
        let why = "the topology failed, and what came of it may not be written".to_owned();
        vec![Fate::Unsettled { processed: true, why }; processed.len()]
    };
    for (outcome, fate) in processed.into_iter().zip(fates) {
        each(LetterOutcome::of(outcome.number, outcome.component.as_deref().unwrap_or_default(), fate));
    }
    session.finish();
    fed?;
    failures.iter().for_each(|failure| tell!("error: {failure}"));
    if failures.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

/// Leaves the tasks of these components and of all that read of them, directly or not. Nothing is tracked: there are no
/// spouts that could emit again.
fn reduce(resolved: &mut Resolved, components: &BTreeSet<String>) {
    let assignment = &mut resolved.assignment;
    let indices = 0..assignment.components.len() as u32;
    let mut open: Vec<ComponentIndex> =
        indices.map(ComponentIndex).filter(|it| components.contains(assignment.component(*it).name.as_str())).collect();
    let mut needed = BTreeSet::new();
    while let Some(index) = open.pop() {
        if needed.insert(index) {
            let outputs = 0..assignment.component(index).outputs.len() as u32;
            open.extend(outputs.flat_map(|output| assignment.edges(index, OutputIndex(output))).map(|edge| edge.to));
        }
    }
    assignment.guarantee = Guarantee::BestEffort;
    assignment.tasks.retain(|task| needed.contains(&task.component));
}

/// The components that have tasks, as if there were no others.
fn running_part(assignment: &Assignment) -> Assignment {
    let runs = |index: usize| assignment.tasks.iter().any(|task| task.component.0 as usize == index);
    let components = assignment.components.iter().enumerate().filter(|(index, _)| runs(*index));
    Assignment { components: components.map(|(_, component)| component.clone()).collect(), ..assignment.clone() }
}

fn tell_empty_state(assignment: &Assignment) {
    let keeping = running_part(assignment).components;
    let names: Vec<&str> =
        keeping.iter().filter(|it| !it.tables.is_empty()).map(|component| component.name.as_str()).collect();
    if !names.is_empty() {
        tell!("the state of {} is not that of the run, it begins empty", names.join(", "));
    }
}
