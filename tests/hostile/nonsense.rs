//! Plugins that hand over what they must not: no frames, frames of another shape, what belongs to the system.

use crate::beside::{Beside, Harm};

#[test]
fn what_is_no_frame() {
    for how in ["no-frame", "broken-frame"] {
        Beside::of(&Harm::always(how)).assert_letter("contract", &["emitting to output \"default\" (number 0): "]);
    }
}

#[test]
fn what_belongs_to_the_system() {
    // There is no column for it: a frame has those that were declared, and the ids of acking are in none.
    let forged = Beside::of(&Harm { guarantee: "at-least-once", ..Harm::always("forged-columns") });
    forged.assert_letter("contract", &["emitting to output \"default\" (number 0): ", "number"]);
    let anchors = Beside::of(&Harm { guarantee: "at-least-once", ..Harm::always("forged-anchors") });
    anchors.assert_letter("contract", &["4294967295"]);
    // The stream of what it rejects comes after its own ones, and is not its to write to.
    let more = "on_reject = \"refused\"\n[component.refused]\nplugin = \"file-sink\"\nconfig = { path = \"refused.tsv\" }\n\
                inputs = [{ from = \"hostile.refused\", grouping = \"global\" }]";
    let stream = Beside::of(&Harm { more, ..Harm::always("forged-stream") });
    let refused = stream.read("refused.tsv");
    assert!(refused.contains("emitting to output 1: `describe` declared 1 outputs"), "{refused}");
}
