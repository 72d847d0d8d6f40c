//! Gives letters to a run, and says of each what became of it.

use super::outcome::LetterOutcome;
use super::selection::Selection;
use petrel_worker::RunHandle;
use petrel_worker::dead_letters::{Letter, read};
use std::path::PathBuf;
use tokio::sync::mpsc::{Sender, channel};
use tokio::task::spawn_blocking;

/// Letters that are read ahead.
const AHEAD: usize = 4;

/// Gives the letters that are meant to their components, as many at a time as the run lets in, and sends what becomes of each.
/// Returns when all are answered. Whoever stops listening stops it, too; what is under way goes on.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn feed(
    handle: &RunHandle,
    folder: PathBuf,
    selection: Selection,
    outcomes: Sender<LetterOutcome>,
) -> anyhow::Result<()> {
    let (letters, mut next) = channel::<Letter>(AHEAD);
    let missed = outcomes.clone();
    let reading = spawn_blocking(move || {
        let selected = selection.find(&folder)?;
        for number in selected.missing {
            let _ = missed.blocking_send(LetterOutcome::missing(number));
        }
        let mut left = selected.numbers;
        read(&folder, true, |letter| {
            if left.remove(&letter.number) && !letters.is_closed() {
                let _ = letters.blocking_send(letter);
            }
        })?;
        // They had to go, or somebody else took them out, between the two looks.
        for number in left.into_iter().filter(|_| !letters.is_closed()) {
            let _ = missed.blocking_send(LetterOutcome::missing(number));
        }
        anyhow::Ok(())
    });
    while let Some(letter) = next.recv().await {
        let redelivered = tokio::select! {
            redelivered = handle.redeliver(&letter) => redelivered,
            () = outcomes.closed() => break,
        };
        let (number, component) = (letter.number, letter.component);
        match redelivered {
            Ok(redelivering) => {
                let outcomes = outcomes.clone();
                tokio::spawn(async move {
                    let fate = redelivering.fate().await;
                    let _ = outcomes.send(LetterOutcome::of(number, &component, fate)).await;
                });
            }
            Err(refused) => {
                let outcome = LetterOutcome::untried(number, &component, refused.to_string());
                if outcomes.send(outcome).await.is_err() {
                    break;
                }
            }
        }
    }
    drop((next, outcomes));
    reading.await?
}
