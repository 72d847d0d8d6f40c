//! What a file is, told from its bytes, before anything expensive is done with it.

use crate::load::LoadError;

const MAGIC: &[u8] = b"\0asm";
/// Version 13 of the format, layer 1: a component.
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];
/// Version 1, layer 0: a core module.
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];

/// Checks that the bytes are a whole component of an acceptable size.
///
/// # Errors
/// What they are instead.
pub(crate) fn check(bytes: &[u8], limit: u64) -> Result<(), LoadError> {
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { bytes: bytes.len() as u64, limit });
    }
    if bytes.starts_with(b"\x7fELF") {
        return Err(LoadError::Precompiled);
    }
    if is_text(bytes) {
        return Err(LoadError::Text);
    }
    if bytes.len() < 8 && (MAGIC.starts_with(bytes) || bytes.starts_with(MAGIC)) {
        return Err(LoadError::Truncated { at: bytes.len(), missing: 8 - bytes.len() });
    }
    if !bytes.starts_with(MAGIC) {
        return Err(LoadError::NotWasm { found: describe_start(bytes) });
    }
    let version: [u8; 4] = bytes[4..8].try_into().expect("four bytes");
    match version {
        COMPONENT => check_sections(bytes),
        CORE_MODULE => Err(LoadError::CoreModule),
        _ => Err(LoadError::UnknownVersion { version: u32::from_le_bytes(version) }),
    }
}

/// Walks the sections. The compiler would notice a cut file too, but would not say that it is cut.
fn check_sections(bytes: &[u8]) -> Result<(), LoadError> {
    let mut at = 8;
    while at < bytes.len() {
        let after_id = at + 1;
        let Some((size, length)) = leb128(&bytes[after_id..]) else {
            return Err(LoadError::Truncated { at: bytes.len(), missing: 1 });
        };
        let end = after_id + length + size as usize;
        if end > bytes.len() {
            return Err(LoadError::Truncated { at: bytes.len(), missing: end - bytes.len() });
        }
        at = end;
    }
    Ok(())
}

/// An unsigned 32-bit number and how many bytes it takes; nothing where the bytes end before it does.
fn leb128(bytes: &[u8]) -> Option<(u32, usize)> {
    let mut value = 0u32;
    for (i, &byte) in bytes.iter().take(5).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((value, i + 1));
        }
    }
    // Five bytes that all go on are malformed, not cut: the compiler's message fits better.
    (bytes.len() >= 5).then_some((0, 5))
}

fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    start.starts_with(b"(component") || start.starts_with(b"(module")
}

fn describe_start(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "is empty".into();
    }
    let start: Vec<String> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("starts with the bytes {}", start.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) -> Result<(), LoadError> {
        super::check(bytes, 1000)
    }

    const EMPTY_COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn tells_what_a_file_is() {
        assert!(check(EMPTY_COMPONENT).is_ok());
        assert!(matches!(check(&[0; 1001]), Err(LoadError::TooLarge { bytes: 1001, limit: 1000 })));
        assert!(matches!(check(b""), Err(LoadError::Truncated { at: 0, missing: 8 })));
        assert!(matches!(check(b"\0as"), Err(LoadError::Truncated { at: 3, missing: 5 })));
        assert!(matches!(check(b"\0asm\x0d"), Err(LoadError::Truncated { .. })));
        assert!(matches!(check(b"#!/bin/sh\n"), Err(LoadError::NotWasm { .. })));
        assert!(matches!(check(b"\0asm\x01\0\0\0"), Err(LoadError::CoreModule)));
        assert!(matches!(check(b"\0asm\x02\0\0\0"), Err(LoadError::UnknownVersion { version: 2 })));
        assert!(matches!(check(b"\x7fELF\x02\x01\x01"), Err(LoadError::Precompiled)));
        assert!(matches!(check(b"\n  (component)"), Err(LoadError::Text)));
    }

    #[test]
    fn a_section_that_reaches_past_the_end_is_a_cut_file() {
        let mut bytes = EMPTY_COMPONENT.to_vec();
        bytes.extend([0, 0x80, 0x02]); // a custom section of 256 bytes
        bytes.extend([7; 100]);
        let Err(LoadError::Truncated { at, missing }) = check(&bytes) else { panic!("not seen as cut") };
        assert_eq!((at, missing), (111, 156));
        bytes.extend([7; 156]);
        assert!(check(&bytes).is_ok());
    }
}
