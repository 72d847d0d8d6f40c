//! Bytes that a hostile writer might send: parsing never panics, and what it accepts can be read completely.

use super::model::{read_all_ways, tables};
use crate::*;
use proptest::prelude::*;
use proptest::sample::Index;
use std::vec::Vec;

/// Reads and reshapes everything in the bytes, if they are a frame.
fn use_up(bytes: &FrameBuf) {
    let Ok(view) = FrameView::parse(bytes) else { return };
    read_all_ways(&view);
    let rows = view.rows().min(1000);
    let odd: Vec<u32> = (0..rows as u32).filter(|row| row % 2 == 1).collect();
    for part in [slice(&view, rows / 3..rows), take(&view, &odd).expect("each row is taken once")] {
        let part = FrameView::parse(&part).expect("reshaping makes valid frames");
        read_all_ways(&part);
    }
    if let Ok(joined) = concat(&[view, view]) {
        FrameView::parse(&joined).expect("reshaping makes valid frames");
    }
    let columns: Vec<usize> = (0..view.columns()).rev().collect();
    let projected = project(&view, &columns).expect("each column is taken once");
    read_all_ways(&FrameView::parse(&projected).expect("reshaping makes valid frames"));
}

fn set_length(frame: &mut FrameBuf) {
    let length = frame.len() as u32;
    if frame.len() >= 48 {
        frame[40..44].copy_from_slice(&length.to_le_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn flipped_bytes(table in tables(), flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut frame = table.frame();
        for (at, value) in flips {
            let at = at.index(frame.len());
            frame[at] = value;
        }
        use_up(&frame);
    }

    /// Numbers that matter, where they matter: in header and column table, and in the offsets behind them.
    #[test]
    fn replaced_words(
        table in tables(),
        words in prop::collection::vec((any::<Index>(), any::<Index>(), any::<bool>()), 1..4),
    ) {
        let mut frame = table.frame();
        let (length, table_end) = (frame.len() as u32, 48 + 48 * table.columns.len());
        for (at, value, anywhere) in words {
            let at = at.index(if anywhere { frame.len() } else { table_end } / 4) * 4;
            let present = u32::from_le_bytes(frame[at..at + 4].try_into().unwrap());
            let values = [
                0, 1, 7, 8, 64, u32::MAX, i32::MAX as u32, 1 << 31, 1 << 30, length, length.wrapping_sub(8), length.wrapping_sub(64),
                present.wrapping_add(1), present.wrapping_sub(1), present.wrapping_add(8), present.wrapping_sub(8),
                present ^ 0xff, present << 8, present | 1 << 16,
            ];
            frame[at..at + 4].copy_from_slice(&value.get(&values).to_le_bytes());
        }
        use_up(&frame);
    }

    #[test]
    fn cut_and_extended(table in tables(), length in any::<Index>(), more in 0usize..200, honest in any::<bool>()) {
        let mut frame = table.frame();
        let length = length.index(frame.len() + more);
        frame.resize(length, 0);
        if honest {
            set_length(&mut frame);
        }
        use_up(&frame);
    }

    #[test]
    fn noise_behind_a_header(bytes in prop::collection::vec(any::<u8>(), 0..400), columns in 0u8..3, rows in 0u8..9) {
        let mut builder = FrameBuilder::new(&Schema::default());
        let mut frame = FrameBuf::from_slice(builder.finish().unwrap());
        frame[6] = columns;
        frame[8] = rows;
        frame.extend_from_slice(&bytes);
        frame.resize(frame.len() / 8 * 8, 0);
        set_length(&mut frame);
        use_up(&frame);
    }
}
