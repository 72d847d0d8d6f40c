//! A component of many memories, each of which is small enough alone.

use crate::beside::{Beside, Harm, refused};
use crate::guests::guest;

#[test]
fn many_memories() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let component = std::fs::read(guest("hostile")).expect("the guest is built");
    let harm = |memories: u32, pages: u32| {
        let path = folder.path().join(format!("{memories}.wasm"));
        std::fs::write(&path, with_memories(&component, memories, pages)).expect("it can be written");
        Harm { plugin: path.to_str().map(str::to_owned), limits: "", ..Harm::always("memory") }
    };
    // 50 MiB before it does anything: what is left to it is less.
    Beside::of(&harm(5, 160)).assert_limit("memory-limit", &["67108864"]);
    // 70 MiB.
    let beside = Beside::of(&harm(7, 160));
    let failure = &beside.report["failure"];
    assert_eq!((&beside.report["status"], &failure["kind"]), (&"failed".into(), &"start".into()), "{failure}");
    assert!(failure["message"].as_str().is_some_and(|message| message.contains("the limit is 67108864")), "{failure}");
    // More than any plugin has.
    let (_, finished) = refused(&harm(200, 1).topology());
    finished.fails(2, &["at most 100 instances, memories and tables each"]);
}

/// The component with a core module that has a memory of so many pages of 64 KiB, instantiated so often beside what is in it.
fn with_memories(component: &[u8], memories: u32, pages: u32) -> Vec<u8> {
    const MODULE: u8 = 1;
    const INSTANCES: u8 = 2;
    let module = [&b"\0asm\x01\0\0\0\x05"[..], &sized(&[&[1, 0][..], &leb128(pages)].concat())].concat();
    let modules = section_ids(component).filter(|id| *id == MODULE).count() as u32;
    let mut instances = leb128(memories);
    (0..memories).for_each(|_| instances.extend([&[0][..], &leb128(modules), &[0]].concat()));
    [component, &[MODULE], &sized(&module), &[INSTANCES], &sized(&instances)].concat()
}

fn section_ids(component: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = &component[8..];
    std::iter::from_fn(move || {
        let (&id, tail) = rest.split_first()?;
        let length = tail.iter().position(|byte| byte & 0x80 == 0).expect("the size of a section has an end") + 1;
        let size = tail[..length].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
        rest = &tail[length + size..];
        Some(id)
    })
}

fn sized(content: &[u8]) -> Vec<u8> {
    [&leb128(content.len() as u32)[..], content].concat()
}

fn leb128(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = value > 0x7f;
        bytes.push(value as u8 & 0x7f | if more { 0x80 } else { 0 });
        value >>= 7;
        if !more {
            return bytes;
        }
    }
}
