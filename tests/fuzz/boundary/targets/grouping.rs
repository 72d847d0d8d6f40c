//! A grouping.

use crate::bench::{TASKS, bench, frame};
use crate::told;

/// Runs a script as `choose`.
pub(crate) fn check(script: &[u8]) {
    let rows = ["a", "b", "a"];
    let mut instance = bench().instance(&bench().grouping, script);
    match bench().block_on(instance.choose(&frame(&rows), TASKS)) {
        Ok(chosen) => {
            assert_eq!(chosen.len(), rows.len());
            assert!(chosen.iter().all(|&task| task < TASKS));
        }
        Err(trap) => told(&trap),
    }
}
