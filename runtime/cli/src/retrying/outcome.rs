//! What became of a letter, for people and for programs.

use petrel_worker::dead_letters::Fate;
use serde::{Deserialize, Serialize};

/// A letter that was to be tried again, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LetterOutcome {
    /// Its number.
    pub(crate) number: u64,
    /// The component that it was given to; none where it is not there.
    pub(crate) component: Option<String>,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Why; none where it was processed.
    pub(crate) reason: Option<String>,
    /// The kind of fault, if it failed again.
    pub(crate) kind: Option<String>,
    /// How often it was tried, over all its letters, if it failed again.
    pub(crate) attempts: Option<u32>,
    /// The number of the letter that has taken its place, if it failed again.
    pub(crate) replaced_by: Option<u64>,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// It was processed, and is no dead letter any more.
    Processed,
    /// It was tried, and is a new dead letter.
    Failed,
    /// It was not tried, and is as it was.
    Untried,
    /// It was given to its component, which was paused before it was tried.
    Waits,
    /// It was tried, and its letter is still there: the store could not be changed, or the topology failed then.
    Unsettled,
    /// There is no such letter.
    Missing,
}

impl LetterOutcome {
    fn new(number: u64, component: Option<&str>, outcome: Outcome, reason: Option<String>) -> LetterOutcome {
        let component = component.map(str::to_owned);
        LetterOutcome { number, component, outcome, reason, kind: None, attempts: None, replaced_by: None }
    }

    /// Of one that is not there.
    pub(crate) fn missing(number: u64) -> LetterOutcome {
        let reason = "there is no such letter, or it is of another component or kind".to_owned();
        LetterOutcome::new(number, None, Outcome::Missing, Some(reason))
    }

    /// Of one that could not be tried.
    pub(crate) fn untried(number: u64, component: &str, reason: String) -> LetterOutcome {
        LetterOutcome::new(number, Some(component), Outcome::Untried, Some(reason))
    }

    /// Of one that its component was given.
    pub(crate) fn of(number: u64, component: &str, fate: Fate) -> LetterOutcome {
        let new = |outcome, reason| LetterOutcome::new(number, Some(component), outcome, reason);
        match fate {
            Fate::Processed => new(Outcome::Processed, None),
            Fate::Failed { number, kind, reason, attempts } => LetterOutcome {
                kind: Some(kind),
                attempts: Some(attempts),
                replaced_by: Some(number),
                ..new(Outcome::Failed, Some(reason))
            },
            Fate::Waits => {
                new(Outcome::Waits, Some("its component was paused: it is tried when that is resumed".into()))
            }
            Fate::Ended => new(Outcome::Untried, Some("its component ended before it was tried".to_owned())),
            Fate::Unsettled { processed, why } => {
                let what = if processed { "it was processed" } else { "it failed again" };
                new(Outcome::Unsettled, Some(format!("{what}, and is still a dead letter: {why}")))
            }
        }
    }

    /// In one line for people.
    pub(crate) fn text(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or_default();
        let line: String =
            reason.lines().next().unwrap_or_default().chars().filter(|character| !character.is_control()).collect();
        let number = self.number;
        match self.outcome {
            Outcome::Processed => format!("letter {number}: processed"),
            Outcome::Failed => format!(
                "letter {number}: failed again and is letter {} now, {} tries: {}: {line}",
                self.replaced_by.unwrap_or_default(),
                self.attempts.unwrap_or_default(),
                self.kind.as_deref().unwrap_or_default()
            ),
            Outcome::Untried => format!("letter {number}: not tried: {line}"),
            Outcome::Waits => format!("letter {number}: not tried yet: {line}"),
            Outcome::Unsettled | Outcome::Missing => format!("letter {number}: {line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fate_is_told() {
        let text = |fate| LetterOutcome::of(7, "split", fate).text();
        assert_eq!(text(Fate::Processed), "letter 7: processed");
        let failed = Fate::Failed { number: 9, kind: "trap".into(), reason: "a\u{1b}b\nc".into(), attempts: 3 };
        assert_eq!(text(failed), "letter 7: failed again and is letter 9 now, 3 tries: trap: ab");
        assert!(text(Fate::Waits).contains("not tried yet"));
        assert!(text(Fate::Ended).contains("ended before it was tried"));
        let unsettled = text(Fate::Unsettled { processed: true, why: "disk full".into() });
        assert_eq!(unsettled, "letter 7: it was processed, and is still a dead letter: disk full");
        assert!(LetterOutcome::missing(3).text().starts_with("letter 3: there is no such letter"));
    }
}
