//! A spout.

use crate::bench::{NOW_US, bench};
use crate::{effects, told};
use petrel_flow::{Call, Effects, TrapKind};
use petrel_state::{KeySpec, TaskState};

/// Runs a script as `next`, twice.
pub(crate) fn check(script: &[u8]) {
    let mut instance = bench().instance(&bench().spout, script);
    let mut state = TaskState::new(KeySpec::default(), &[], 1);
    let mut staged = Effects::default();
    for _ in 0..2 {
        let usable = instance.is_usable();
        let call = Call::Next { max_rows: 1000, max_bytes: 65_536 };
        match bench().block_on(instance.call(&call, &mut state, &mut staged, NOW_US)) {
            Ok(_) => effects::check(&staged, 0, 1),
            Err(trap) => {
                told(&trap);
                assert_eq!(instance.is_usable(), usable && trap.kind == TrapKind::Refused, "{trap:?}");
            }
        }
    }
}
