//! Scripts to start from: each function of the contract used well and badly, in each call.

use crate::bench::{frame, numbers};
use crate::script::Script;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/targets/__fuzz__/boundary/corpus");

const PROCESS: u8 = 0;
const TIMER: u8 = 2;
const TICK: u8 = 3;
const END: u8 = 4;
const SPOUT: u8 = 5;
const GROUPING: u8 = 6;
const DESCRIBE: u8 = 7;

#[test]
fn corpus() {
    let scripts = [outputs(), state(), timers(), rest(), other_worlds()].concat();
    petrel_fuzz::keep_corpus(
        FOLDER,
        &scripts.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect::<Vec<_>>(),
    );
}

type Scripts = Vec<(&'static str, Vec<u8>)>;

fn outputs() -> Scripts {
    let process = || Script::of(PROCESS);
    let emit = || process().byte(0).number(0);
    vec![
        ("emit-what-came", emit().given().numbers(&[]).end()),
        ("emit-a-frame", emit().bytes(&frame(&["storm", "né"])).numbers(&[]).end()),
        ("emit-anchors-counted", emit().given().numbers(&[0, 1, 1, 1]).end()),
        ("emit-anchors-by-row", emit().given().numbers(&[1, 2, 1, 0]).end()),
        ("emit-anchors-listed", emit().given().numbers(&[2, 0, 1, 2, 4, 0, 1, 0, 2]).end()),
        ("emit-anchors-astray", emit().given().numbers(&[1, 2, 1, 3]).end()),
        ("emit-a-claim-of-4-gib", emit().given_but(40, u64::from(u32::MAX)).numbers(&[]).end()),
        ("emit-nonsense", emit().bytes(b"this is no frame, whichever way it is looked at").numbers(&[]).end()),
        ("emit-beyond-the-limit", emit().many(2 << 20, 0).numbers(&[]).end()),
        ("emit-another-type", emit().bytes(&numbers(&[1])).numbers(&[]).end()),
        ("emit-nowhere", process().byte(0).number(9).given().numbers(&[]).end()),
        ("emit-direct", process().byte(1).number(1).number(2).given().numbers(&[]).end()),
        ("emit-direct-too-far", process().byte(1).number(1).number(3).given().numbers(&[]).end()),
        ("emit-for-ever", emit().given().numbers(&[]).byte(31).number(2000).end()),
        (
            "emit-at-the-end",
            Script::of(END).byte(0).number(0).bytes(&frame(&["last"])).numbers(&[]).byte(31).number(100).end(),
        ),
        (
            "reject-and-retry",
            process().byte(2).number(1).bytes(b"bad").byte(3).number(2).number(250).bytes(b"later").end(),
        ),
        ("reject-a-row-that-is-not", process().byte(2).number(3).bytes(b"bad").end()),
        ("panic-at-a-row", process().byte(29).number(3).number(1).byte(28).bytes(b"here").end()),
        ("at-a-row-that-is-not", process().byte(29).number(3).number(3).end()),
        ("reject-with-bytes", process().byte(2).number(0).bytes(b"\xff\xfe").end()),
        (
            "hold-and-let-go",
            process().byte(4).numbers(&[0, 2]).byte(7).numbers(&[]).byte(5).numbers(&[7]).byte(6).numbers(&[]).end(),
        ),
        ("hold-a-row-that-is-not", process().byte(4).numbers(&[0, 9]).end()),
    ]
}

fn state() -> Scripts {
    let process = || Script::of(PROCESS);
    let (keys, two) = (frame(&["a", "z"]), numbers(&[10, 20]));
    vec![
        ("put", process().byte(8).number(0).bytes(&two).end()),
        ("put-too-few", process().byte(8).number(0).bytes(&numbers(&[1])).end()),
        ("put-in-a-tick", Script::of(TICK).byte(8).number(0).bytes(&two).end()),
        ("put-no-frame", process().byte(8).number(0).bytes(b"rubbish!").end()),
        ("get-and-emit-the-answer", process().byte(9).number(0).given().byte(0).number(0).answer().numbers(&[]).end()),
        ("get-nothing-known", process().byte(9).number(3).bytes(&keys).end()),
        (
            "set",
            process().byte(10).number(0).bytes(&keys).bytes(&two).byte(10).number(3).bytes(&keys).bytes(&two).end(),
        ),
        ("set-too-few", process().byte(10).number(0).bytes(&keys).bytes(&numbers(&[1])).end()),
        ("append", process().byte(11).number(1).bytes(&keys).bytes(&two).byte(31).number(50).end()),
        (
            "scan",
            process().byte(12).number(0).number(0).number(100).byte(12).number(1).number(u64::MAX).number(1).end(),
        ),
        ("entries", process().byte(13).number(2).bytes(&frame(&["a"])).end()),
        ("state-then-an-error", process().byte(10).number(0).bytes(&keys).bytes(&two).byte(30).bytes(b"no").end()),
        ("state-then-a-panic", process().byte(10).number(0).bytes(&keys).bytes(&two).byte(28).bytes(b"stumbled").end()),
    ]
}

fn timers() -> Scripts {
    let (process, keys) = (|| Script::of(PROCESS), frame(&["a", "z"]));
    vec![
        ("timers-of-keys", process().byte(14).number(0).byte(0).bytes(&keys).numbers(&[5, u64::MAX]).end()),
        ("timers-of-passed-keys", process().byte(15).number(0).byte(1).numbers(&[0, 1]).numbers(&[5, 1 << 63]).end()),
        ("timers-of-a-key-that-is-not", process().byte(15).number(0).byte(0).numbers(&[9]).numbers(&[5]).end()),
        (
            "timers-cancelled",
            Script::of(TIMER)
                .byte(14)
                .number(0)
                .byte(0)
                .given()
                .numbers(&[5, 6])
                .byte(16)
                .number(0)
                .byte(0)
                .given()
                .numbers(&[5, 9])
                .end(),
        ),
        ("timers-without-times", process().byte(14).number(0).byte(0).bytes(&keys).numbers(&[]).end()),
    ]
}

fn rest() -> Scripts {
    let tick = || Script::of(TICK);
    vec![
        (
            "log-and-metrics",
            tick().byte(17).bytes(b"a line").byte(18).bytes(b"rows").number(2).byte(19).bytes(b"level").number(1).end(),
        ),
        ("log-no-text", tick().byte(17).bytes(b"\xc3\x28").end()),
        ("secret", tick().byte(20).bytes(b"token").byte(20).bytes(b"other").end()),
        (
            "files-read",
            tick()
                .byte(21)
                .byte(0)
                .bytes(b"in")
                .byte(22)
                .byte(0)
                .bytes(b"in")
                .number(0)
                .number(3)
                .number(u64::from(u32::MAX))
                .end(),
        ),
        (
            "files-read-if-ready",
            tick().byte(22).byte(1).bytes(b"in").number(0).number(3).number(2).byte(31).number(9).end(),
        ),
        (
            "files-listed-and-removed",
            tick()
                .byte(23)
                .byte(2)
                .bytes(b"parts")
                .bytes(b"a")
                .byte(21)
                .byte(1)
                .bytes(b"parts")
                .byte(21)
                .byte(2)
                .bytes(b"parts")
                .bytes(b"a")
                .end(),
        ),
        ("files-removed-elsewhere", tick().byte(21).byte(2).bytes(b"parts").bytes(b"../in").end()),
        (
            "files-written",
            tick()
                .byte(23)
                .byte(1)
                .bytes(b"out")
                .bytes(b"")
                .byte(24)
                .byte(0)
                .bytes(b"text")
                .byte(25)
                .bytes(b"printed")
                .end(),
        ),
        ("files-never-opened", tick().byte(24).byte(9).bytes(b"text").end()),
        ("standard-output", tick().byte(26).many(1 << 20, b'x').byte(31).number(20).end()),
        ("memory", tick().byte(27).many(8 << 20, 1).byte(31).number(100).end()),
        ("panic-at-length", tick().byte(28).many(10 << 20, b'p').end()),
        ("error-at-length", tick().byte(30).many(10 << 20, b'e').end()),
        ("error-that-is-no-text", tick().byte(30).bytes(b"\xff").end()),
        ("wild-log", tick().byte(29).number(0).number(7).number(0).number(4).end()),
        ("wild-pointer", tick().byte(29).number(0).number(2).number(0xffff_fff0).number(0xffff).end()),
        ("wild-clock", tick().byte(29).number(1).number(0).number(9).number(0).number(0).number(0).number(0).end()),
        (
            "wild-times",
            tick().byte(29).number(1).number(0).number(0).number(0).number(0).number(1).number(1 << 29).end(),
        ),
        (
            "wild-emission",
            tick().byte(29).number(2).number(0).number(1024).number(1 << 31).number(4).number(1 << 30).end(),
        ),
    ]
}

fn other_worlds() -> Scripts {
    let spout = || Script::of(SPOUT);
    let described = || Script::of(DESCRIBE).byte(0).byte(0).byte(0).byte(0);
    let field = |script: Script, kind: u8, name: &[u8]| script.byte(kind).bytes(name);
    vec![
        ("spout-emits", spout().byte(0).number(0).bytes(&frame(&["a", "b"])).numbers(&[1, 2]).bytes(b"here").end()),
        ("spout-ids-too-few", spout().byte(0).number(0).bytes(&frame(&["a", "b"])).numbers(&[1]).bytes(b"").end()),
        ("spout-direct", spout().byte(3).number(1).number(2).bytes(&frame(&["a"])).numbers(&[]).bytes(b"").end()),
        (
            "spout-position-at-length",
            spout().byte(0).number(0).bytes(&frame(&["a"])).numbers(&[]).many(2 << 20, 7).end(),
        ),
        ("spout-idle-for-ever", spout().byte(5).number(i64::MAX as u64).end()),
        ("spout-ends", spout().byte(6).end()),
        ("spout-error", spout().byte(7).bytes(b"no more").end()),
        ("choice", Script::of(GROUPING).byte(0).numbers(&[0, 2, 1]).end()),
        ("choice-too-few", Script::of(GROUPING).byte(0).numbers(&[0]).end()),
        ("choice-too-far", Script::of(GROUPING).byte(0).numbers(&[0, 3, 1]).end()),
        ("choice-without-end", Script::of(GROUPING).byte(0).number(1 << 20).number(0).end()),
        ("choice-refused", Script::of(GROUPING).byte(1).bytes(b"not today").end()),
        ("described-as-nothing", described().number(0).number(0).number(0).number(0).number(0).end()),
        (
            "described",
            field(field(described().number(1).bytes(b"default").number(2), 3, b"word"), 0x81, b"count")
                .byte(0)
                .byte(0)
                .number(1)
                .bytes(b"counts")
                .byte(0)
                .number(0)
                .byte(1)
                .bytes(b"count")
                .number(1)
                .number(1)
                .bytes(b"word")
                .number(1)
                .bytes(b"net")
                .number(1)
                .bytes(b"later")
                .bytes(b"on")
                .end(),
        ),
        ("described-without-end", described().number(3000).bytes(b"").end()),
        ("described-with-a-name-at-length", described().number(1).many(10 << 20, b'n').end()),
        ("described-wrongly-configured", Script::of(DESCRIBE).byte(1).bytes(b"key").many(10 << 20, b'm').end()),
    ]
}
