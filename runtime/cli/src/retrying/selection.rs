//! Which letters are meant.

use petrel_worker::dead_letters::{Letter, StoreError, read};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// Letters by number, or all, as far as they are of a component and a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Selection {
    /// These; all where there is none.
    pub(crate) numbers: Option<Vec<u64>>,
    /// Only those of this component.
    pub(crate) component: Option<String>,
    /// Only those of this kind.
    pub(crate) kind: Option<String>,
}

/// The letters of a store that are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Their numbers.
    pub(super) numbers: BTreeSet<u64>,
    /// The components that they are of.
    pub(crate) components: BTreeSet<String>,
    /// Numbers that were asked for and are not there, or are of another component or kind.
    pub(super) missing: Vec<u64>,
}

impl Selected {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

impl Selection {
    fn means(&self, letter: &Letter) -> bool {
        self.component.as_ref().is_none_or(|name| *name == letter.component)
            && self.kind.as_ref().is_none_or(|kind| *kind == letter.kind)
    }

    /// Looks for them. What is stored later is not among them; what is damaged, `petrel dead-letters list` tells.
    pub(crate) fn find(&self, folder: &Path) -> Result<Selected, StoreError> {
        let asked: Option<BTreeSet<u64>> = self.numbers.as_ref().map(|numbers| numbers.iter().copied().collect());
        let mut selected = Selected::default();
        read(folder, true, |letter| {
            if asked.as_ref().is_none_or(|asked| asked.contains(&letter.number)) && self.means(&letter) {
                selected.numbers.insert(letter.number);
                selected.components.insert(letter.component);
            }
        })?;
        selected.missing = asked.iter().flatten().copied().filter(|it| !selected.numbers.contains(it)).collect();
        Ok(selected)
    }
}
