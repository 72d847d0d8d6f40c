//! Checks the anchors of an emission: docs/formats.md, "Anchors".

/// Whether anchors fit a frame of `out` rows emitted in a call with `rows` input rows.
///
/// # Errors
/// What does not add up.
pub(crate) fn check(anchors: &[u32], out: usize, rows: u32) -> Result<(), String> {
    let Some((&form, rest)) = anchors.split_first() else { return Ok(()) };
    match form {
        0 => check_counts(rest, out, rows),
        1 => {
            if rest.len() != out {
                return Err(format!(
                    "anchors of form 1 take one word an output row: {} words for {out} rows",
                    rest.len()
                ));
            }
            check_rows(rest, rows)
        }
        2 => check_lists(rest, out, rows),
        _ => Err(format!("anchors start with 0, 1 or 2, not {form}")),
    }
}

fn check_counts(counts: &[u32], out: usize, rows: u32) -> Result<(), String> {
    if counts.len() != rows as usize {
        return Err(format!("anchors of form 0 take one word an input row: {} words for {rows} rows", counts.len()));
    }
    let sum: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    if sum != out as u64 {
        return Err(format!("anchors of form 0 add up to the output rows: {sum}, not {out}"));
    }
    Ok(())
}

fn check_lists(words: &[u32], out: usize, rows: u32) -> Result<(), String> {
    if words.len() < out + 1 {
        return Err(format!(
            "anchors of form 2 start with {} offsets for {out} rows, and there are {} words",
            out + 1,
            words.len()
        ));
    }
    let (offsets, lists) = words.split_at(out + 1);
    if offsets[0] != 0 || offsets[out] as usize != lists.len() || !offsets.is_sorted() {
        return Err(format!(
            "the offsets of anchors of form 2 start at 0, never fall and end at {}, the words after them",
            lists.len()
        ));
    }
    check_rows(lists, rows)
}

fn check_rows(anchors: &[u32], rows: u32) -> Result<(), String> {
    match anchors.iter().find(|&&row| row >= rows) {
        Some(row) => Err(format!("anchors name input row {row}, and the call has {rows} rows, numbered from 0")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_up_is_taken() {
        for (anchors, out, rows) in [
            (&[][..], 5, 3),
            (&[0, 2, 0, 3], 5, 3),
            (&[0], 0, 0),
            (&[1, 2, 2, 0], 3, 3),
            (&[1], 0, 3),
            (&[2, 0, 2, 3, 0, 1, 2], 2, 3),
            (&[2, 0, 0], 1, 3),
            (&[2, 0], 0, 3),
        ] {
            assert_eq!(check(anchors, out, rows), Ok(()), "{anchors:?}");
        }
    }

    #[test]
    fn what_does_not_is_explained() {
        for (anchors, out, rows, reason) in [
            (&[3][..], 0, 0, "start with 0, 1 or 2"),
            (&[0, 1], 1, 2, "one word an input row"),
            (&[0, 1, 1], 3, 2, "add up to the output rows: 2, not 3"),
            (&[0, u32::MAX, u32::MAX], 3, 2, "add up"),
            (&[1, 0], 2, 2, "one word an output row"),
            (&[1, 0, 2], 2, 2, "input row 2"),
            (&[2], 0, 2, "start with 1 offsets"),
            (&[2, 0, 1], 2, 2, "start with 3 offsets"),
            (&[2, 1, 1, 0], 1, 2, "start at 0"),
            (&[2, 0, 2, 1, 0], 2, 2, "never fall"),
            (&[2, 0, 2, 0], 1, 2, "end at 1"),
            (&[2, 0, 1, 7], 1, 2, "input row 7"),
        ] {
            let message = check(anchors, out, rows).unwrap_err();
            assert!(message.contains(reason), "{anchors:?}: {message}");
        }
    }
}
