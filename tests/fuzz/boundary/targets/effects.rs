//! What the host took from a call that returned ok, checked once more.

use crate::bench::{EMIT_BYTES, TASKS, outputs};
use petrel_flow::{Effects, HoldAction, Origin};
use petrel_frame::FrameView;

/// What a call of so many input rows may have staged; `factor` times what others may.
pub(crate) fn check(effects: &Effects, rows: u32, factor: u64) {
    let outputs = outputs();
    let mut bytes = 0;
    for emitted in &effects.emitted {
        let output = &outputs[emitted.output as usize];
        let view = FrameView::parse_expecting(&emitted.frame, &output.schema).expect("what was taken is a frame");
        bytes += emitted.frame.len() as u64;
        assert_eq!(emitted.direct.is_some(), output.direct);
        assert!(emitted.direct.is_none_or(|task| task < TASKS));
        match &emitted.origin {
            Origin::Anchors(anchors) => anchored(anchors, view.rows(), rows),
            Origin::Source { ids, .. } => assert!(ids.is_empty() || ids.len() == view.rows()),
        }
    }
    assert!(bytes <= factor * EMIT_BYTES, "{bytes} bytes were emitted");
    assert!(effects.faults.iter().all(|fault| fault.row < rows && fault.reason.len() <= 10_000));
    for action in &effects.holds {
        if let HoldAction::Hold(_, held) = action {
            assert!(held.iter().all(|&row| row < rows));
        }
    }
}

/// Anchors as docs/formats.md lays them out: each output row has its input rows, and those are there.
fn anchored(anchors: &[u32], out: usize, rows: u32) {
    let Some((form, rest)) = anchors.split_first() else { return };
    let named = match form {
        0 => {
            assert_eq!((rest.len(), rest.iter().map(|&count| count as usize).sum()), (rows as usize, out));
            &[][..]
        }
        1 => {
            assert_eq!(rest.len(), out);
            rest
        }
        2 => {
            let (offsets, named) = rest.split_at(out + 1);
            assert!(offsets[0] == 0 && offsets.is_sorted() && offsets[out] as usize == named.len());
            named
        }
        other => panic!("no such form: {other}"),
    };
    assert!(named.iter().all(|&row| row < rows));
}
