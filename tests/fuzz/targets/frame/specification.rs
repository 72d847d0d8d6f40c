//! `docs/formats.md`, "Frame", sentence by sentence and without a thought of speed: what the decoder is compared with.

/// Whether the bytes are a frame.
pub(super) fn is_frame(bytes: &[u8]) -> bool {
    header(bytes).and_then(|(columns, rows)| all_columns(bytes, columns, rows)).is_some()
}

/// "Header": how many columns and rows there are.
fn header(bytes: &[u8]) -> Option<(u64, u64)> {
    let length = bytes.len() as u64;
    let (least, greatest) = (number(bytes, 16, 8)? as i64, number(bytes, 24, 8)? as i64);
    let (columns, rows) = (number(bytes, 6, 2)?, number(bytes, 8, 4)?);
    let right = length <= 16_777_216
        && bytes.get(..4)? == b"PTF1"
        && number(bytes, 4, 2)? == 1
        && columns <= 1_024
        && rows <= 16_777_216
        && (least <= greatest || (least, greatest) == (i64::MAX, i64::MIN))
        && number(bytes, 40, 4)? == length
        && length.is_multiple_of(8)
        && number(bytes, 44, 4)? == 0;
    right.then_some((columns, rows))
}

/// "Buffers lie after the column table, in column order, do not overlap, start at multiples of 8, and are padded with
/// zeros to the next one. String bytes are followed by at least 64 bytes of zeros."
fn all_columns(bytes: &[u8], columns: u64, rows: u64) -> Option<()> {
    let mut end = 48 + 48 * columns;
    for column in 0..columns {
        for buffer in column_buffers(bytes, 48 + 48 * column, rows)?.into_iter().flatten() {
            let is_zero =
                |from: u64, to: u64| bytes.get(from as usize..to as usize)?.iter().all(|&byte| byte == 0).then_some(());
            if !buffer.offset.is_multiple_of(8) || buffer.offset < end {
                return None;
            }
            is_zero(end, buffer.offset)?;
            end = buffer.offset + buffer.length;
            if buffer.is_text {
                is_zero(end, end + 64)?;
                end += 64;
            }
        }
    }
    bytes.get(end as usize..)?.iter().all(|&byte| byte == 0).then_some(())
}

/// A buffer that a column has.
struct Buffer {
    offset: u64,
    length: u64,
    /// Of string bytes.
    is_text: bool,
}

/// "Column table": the buffers of the column whose row of the table starts there, if it and they are as they should be.
fn column_buffers(bytes: &[u8], at: u64, rows: u64) -> Option<[Option<Buffer>; 5]> {
    let byte = |offset: u64| number(bytes, at + offset, 1);
    let (scalar, flags, encoding, reserved) = (byte(0)?, byte(1)?, byte(2)?, byte(3)?);
    let entries = number(bytes, at + 4, 4)?;
    let (is_list, is_optional, is_dictionary) = (flags & 1 != 0, flags & 2 != 0, encoding == 1);
    let is_text = scalar == 4 || scalar == 5;
    let known = (1..=6).contains(&scalar) && flags <= 3 && encoding <= 1 && reserved == 0;
    if !known || (is_dictionary && (is_list || !is_text)) || (!is_list && !is_dictionary && entries != rows) {
        return None;
    }
    let values = match scalar {
        _ if is_dictionary => Some(4 * rows),
        1 => Some(entries.div_ceil(8)),
        2 | 3 | 6 => Some(8 * entries),
        _ => None,
    };
    let strings = if is_text { Some(4 * (entries + 1)) } else { None };
    // The length of the string bytes is any: the last offset must agree with it.
    let text = if is_text { Some(number(bytes, at + 8 + 8 * 4 + 4, 4)?) } else { None };
    let expected = [is_optional.then_some(rows.div_ceil(8)), is_list.then_some(4 * (rows + 1)), values, strings, text];

    let mut buffers = [None, None, None, None, None];
    for (position, expected) in expected.into_iter().enumerate() {
        let entry = at + 8 + 8 * position as u64;
        let (offset, length) = (number(bytes, entry, 4)?, number(bytes, entry + 4, 4)?);
        match expected {
            Some(expected) if length == expected && offset + length <= bytes.len() as u64 => {
                buffers[position] = Some(Buffer { offset, length, is_text: position == 4 });
            }
            None if (offset, length) == (0, 0) => {}
            _ => return None,
        }
    }
    let content = |position: usize| {
        let buffer = buffers[position].as_ref()?;
        bytes.get(buffer.offset as usize..(buffer.offset + buffer.length) as usize)
    };
    if let Some(lists) = content(1) {
        offsets(lists, entries)?;
    }
    if let (Some(starts), Some(text)) = (content(3), content(4)) {
        let starts = offsets(starts, text.len() as u64)?;
        let is_valid = |pair: &[usize]| std::str::from_utf8(&text[pair[0]..pair[1]]).is_ok();
        if scalar == 4 && !starts.windows(2).all(is_valid) {
            return None;
        }
    }
    if is_dictionary && !content(2)?.chunks(4).all(|index| number(index, 0, 4).is_some_and(|index| index < entries)) {
        return None;
    }
    Some(buffers)
}

/// "Offsets start at 0 and never fall; the last one equals the length of what they point into."
fn offsets(bytes: &[u8], end: u64) -> Option<Vec<usize>> {
    let offsets: Vec<i32> = bytes.chunks(4).filter_map(|offset| Some(number(offset, 0, 4)? as i32)).collect();
    let right =
        offsets.first() == Some(&0) && offsets.is_sorted() && offsets.last().map(|&last| last as u64) == Some(end);
    right.then(|| offsets.into_iter().map(|offset| offset as usize).collect())
}

/// A number of so many bytes, little-endian.
fn number(bytes: &[u8], at: u64, width: usize) -> Option<u64> {
    let bytes = bytes.get(at as usize..)?.get(..width)?;
    Some(bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
