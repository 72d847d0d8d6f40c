//! The greatest rows of frames.

use petrel_sdk::frame::{FrameBuf, FrameError, FrameView, Value, concat, take};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// What is greatest: the `k` rows with the greatest value in column `by`.
#[derive(Debug)]
pub(crate) struct Ranking {
    pub(crate) k: usize,
    pub(crate) by: usize,
    /// The columns of which a later row with the same values replaces an earlier one. None: rows are never replaced.
    pub(crate) key: Vec<usize>,
}

impl Ranking {
    /// The greatest of those that were greatest so far and of new rows, greatest first. Nothing if none of the new
    /// rows is among them.
    ///
    /// # Errors
    /// They are larger than a frame can be.
    pub(crate) fn merge(
        &self,
        best: Option<&FrameView<'_>>,
        new: &FrameView<'_>,
    ) -> Result<Option<FrameBuf>, FrameError> {
        let by = new.column(self.by);
        let least = best.filter(|best| best.rows() >= self.k).map(|best| best.column(self.by).value(self.k - 1));
        let candidates: Vec<u32> = (0..new.rows() as u32)
            .filter(|row| {
                let value = by.value(*row as usize);
                value != Value::Null && least.is_none_or(|least| order(value, least).is_ge())
            })
            .collect();
        if candidates.is_empty() {
            return Ok(None);
        }
        let new = take(new, &candidates)?;
        let new = FrameView::parse(&new)?;
        let joined;
        let all = match best {
            Some(best) => {
                joined = concat(&[*best, new])?;
                FrameView::parse(&joined)?
            }
            None => new,
        };
        let mut rows: Vec<u32> = self.latest(&all);
        rows.sort_by(|one, other| self.compare(&all, *one as usize, *other as usize));
        rows.truncate(self.k);
        take(&all, &rows).map(Some)
    }

    /// The rows, without those that a later one replaces.
    fn latest(&self, all: &FrameView<'_>) -> Vec<u32> {
        let rows = 0..all.rows() as u32;
        if self.key.is_empty() {
            return rows.collect();
        }
        let mut latest = BTreeMap::new();
        for row in rows {
            let key: Vec<u8> =
                self.key.iter().flat_map(|column| encoded(all.column(*column).value(row as usize))).collect();
            latest.insert(key, row);
        }
        latest.into_values().collect()
    }

    /// Greatest first; where they are equal, by the other columns from the first on.
    fn compare(&self, all: &FrameView<'_>, one: usize, other: usize) -> Ordering {
        let by = all.column(self.by);
        let others = (0..all.columns()).map(|column| {
            let column = all.column(column);
            order(column.value(one), column.value(other))
        });
        order(by.value(other), by.value(one)).then_with(|| others.fold(Ordering::Equal, Ordering::then))
    }
}

/// The order of two values of one type: numbers by size, text and bytes by their bytes, absent ones first, lists not
/// at all.
fn order(one: Value<'_>, other: Value<'_>) -> Ordering {
    match (one, other) {
        (Value::I64(one), Value::I64(other)) | (Value::Timestamp(one), Value::Timestamp(other)) => one.cmp(&other),
        (Value::F64(one), Value::F64(other)) => one.total_cmp(&other),
        (Value::Bool(one), Value::Bool(other)) => one.cmp(&other),
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Bytes(one), Value::Bytes(other)) => one.cmp(other),
        (one, other) => (one != Value::Null).cmp(&(other != Value::Null)),
    }
}

/// Bytes that are the same for the same value: whether it is there, its length, itself.
fn encoded(value: Value<'_>) -> Vec<u8> {
    let bytes = match value {
        Value::Null | Value::List(_) => return vec![0],
        Value::Bool(value) => vec![u8::from(value)],
        Value::I64(value) | Value::Timestamp(value) => value.to_le_bytes().to_vec(),
        Value::F64(value) => value.to_bits().to_le_bytes().to_vec(),
        Value::String(value) => value.as_bytes().to_vec(),
        Value::Bytes(value) => value.to_vec(),
    };
    let mut encoded = vec![1];
    encoded.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    encoded.extend_from_slice(&bytes);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use petrel_sdk::frame::FrameBuilder;
    use petrel_sdk::{Field, Scalar, Schema};

    fn frame(rows: &[(&str, Option<i64>)]) -> FrameBuf {
        let schema = Schema::new([Field::new("word", Scalar::String), Field::new("n", Scalar::I64).optional()]);
        let mut frame = FrameBuilder::new(&schema);
        for (word, n) in rows {
            frame.push_row(&[Value::String(word), n.map_or(Value::Null, Value::I64)]).unwrap();
        }
        FrameBuf::from_slice(frame.finish().unwrap())
    }

    /// Merges frames one after the other.
    fn merged(ranking: &Ranking, frames: &[&[(&str, Option<i64>)]]) -> Vec<(String, i64)> {
        let mut best: Option<FrameBuf> = None;
        for rows in frames {
            let new = frame(rows);
            let view = best.as_ref().map(|best| FrameView::parse(best).unwrap());
            if let Some(better) = ranking.merge(view.as_ref(), &FrameView::parse(&new).unwrap()).unwrap() {
                best = Some(better);
            }
        }
        let Some(best) = best else { return Vec::new() };
        let best = FrameView::parse(&best).unwrap();
        (0..best.rows())
            .map(|row| {
                (String::from_utf8(best.column(0).bytes_at(row).to_vec()).unwrap(), best.column(1).i64s().unwrap()[row])
            })
            .collect()
    }

    fn pairs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
        expected.iter().map(|(word, n)| (word.to_string(), *n)).collect()
    }

    #[test]
    fn greatest_first_over_frames() {
        let ranking = Ranking { k: 3, by: 1, key: vec![] };
        let one: &[_] = &[("a", Some(5)), ("b", Some(1)), ("c", Some(9)), ("absent", None)];
        let two: &[_] = &[("d", Some(7)), ("e", Some(-1)), ("a2", Some(5))];
        assert_eq!(merged(&ranking, &[one, two]), pairs(&[("c", 9), ("d", 7), ("a", 5)]));
        assert_eq!(merged(&ranking, &[two, one]), pairs(&[("c", 9), ("d", 7), ("a", 5)]));
        assert_eq!(merged(&ranking, &[&[("absent", None)]]), pairs(&[]));
        assert_eq!(merged(&ranking, &[&[]]), pairs(&[]));
    }

    #[test]
    fn a_key_is_there_once_with_its_latest_value() {
        let ranking = Ranking { k: 2, by: 1, key: vec![0] };
        let one: &[_] = &[("a", Some(1)), ("b", Some(1)), ("a", Some(2)), ("a", Some(3))];
        let two: &[_] = &[("b", Some(2)), ("c", Some(1)), ("b", Some(4))];
        assert_eq!(merged(&ranking, &[one]), pairs(&[("a", 3), ("b", 1)]));
        assert_eq!(merged(&ranking, &[one, two]), pairs(&[("b", 4), ("a", 3)]));
    }

    #[test]
    fn what_cannot_be_among_them_changes_nothing() {
        let ranking = Ranking { k: 1, by: 1, key: vec![] };
        let (best, new) = (frame(&[("a", Some(5))]), frame(&[("b", Some(4))]));
        let (best, new) = (FrameView::parse(&best).unwrap(), FrameView::parse(&new).unwrap());
        assert!(ranking.merge(Some(&best), &new).unwrap().is_none());
    }
}
