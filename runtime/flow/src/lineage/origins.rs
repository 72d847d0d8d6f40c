//! Where the rows of a frame come from, as their own task sees it.

use alloc::vec;
use alloc::vec::Vec;

/// For each row of a frame, the entries of an [`Account`](super::Account) that it comes from.
///
/// It begins as what came in and is then reshaped as the rows are: cut for a call, told apart by anchors, cut again by a
/// router. Everything is done by *span*, rows that come from the same, so that a line of a text is one step, whatever
/// the number of its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    pub(super) spans: Vec<Span>,
    pub(super) lists: Vec<u32>,
}

/// Consecutive rows that come from the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) rows: u32,
    pub(super) source: Source,
}

/// Entries of an account, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Nothing,
    One(u32),
    /// Row *i* of the span comes from the entry *i* after that one.
    Each(u32),
    /// A part of the list.
    Several {
        first: u32,
        count: u32,
    },
}

impl Origins {
    /// Rows that come from nothing that anybody waits for.
    pub fn nothing(rows: u32) -> Origins {
        let mut origins = Origins::default();
        origins.push(rows, Source::Nothing);
        origins
    }

    /// The number of rows.
    pub fn rows(&self) -> u32 {
        self.spans.iter().map(|span| span.rows).sum()
    }

    /// Whether no row comes from anything.
    pub fn is_untracked(&self) -> bool {
        self.spans.iter().all(|span| span.source == Source::Nothing)
    }

    /// These rows, from the first up to the second.
    pub fn slice(&self, from: u32, to: u32) -> Origins {
        let mut slice = Origins { spans: Vec::new(), lists: self.lists.clone() };
        let mut start = 0;
        for span in &self.spans {
            let (begin, end) = (from.max(start), to.min(start + span.rows));
            if begin < end {
                slice.push(end - begin, span.source.after(begin - start));
            }
            start += span.rows;
            if start >= to {
                break;
            }
        }
        slice
    }

    /// A row from each of these rows, in any order, any number of times: what a call was given of a batch, rows that are
    /// kept of it, or output rows with anchors of form 1. What is not there gives a row that comes from nothing.
    pub fn take(&self, rows: impl IntoIterator<Item = u32>) -> Origins {
        let mut taken = Origins { spans: Vec::new(), lists: self.lists.clone() };
        let mut locate = Locate::new(self);
        for row in rows {
            taken.push(1, locate.source(row));
        }
        taken
    }

    /// All rows but these, which are in ascending order.
    pub fn except(&self, rows: &[u32]) -> Origins {
        let mut left = Origins { spans: Vec::new(), lists: self.lists.clone() };
        let mut from = 0;
        for to in rows.iter().copied().chain([self.rows()]) {
            let part = self.slice(from, to);
            part.spans.iter().for_each(|span| left.push(span.rows, span.source));
            from = to + 1;
        }
        left
    }

    /// So many rows from each row, in order: output rows with anchors of form 0.
    pub fn repeat(&self, counts: &[u32]) -> Origins {
        let mut repeated = Origins { spans: Vec::with_capacity(counts.len()), lists: self.lists.clone() };
        let mut rest = counts;
        for span in &self.spans {
            let (now, later) = rest.split_at((span.rows as usize).min(rest.len()));
            rest = later;
            match span.source {
                Source::Each(first) => {
                    for (entry, count) in (first..).zip(now) {
                        repeated.push_new(*count, entry);
                    }
                }
                source => repeated.push(now.iter().sum(), source),
            }
        }
        repeated
    }

    /// A row for each list of rows: output rows with anchors of form 2. The rows of list *i* are those between
    /// `offsets[i]` and `offsets[i + 1]`.
    pub fn merge(&self, offsets: &[u32], rows: &[u32]) -> Origins {
        let mut merged = Origins::default();
        let mut locate = Locate::new(self);
        let mut entries = Vec::new();
        for ends in offsets.windows(2) {
            entries.clear();
            for row in rows.get(ends[0] as usize..ends[1] as usize).unwrap_or_default() {
                self.entries(Span { rows: 1, source: locate.source(*row) }, &mut entries);
            }
            merged.push_list(1, &mut entries);
        }
        merged
    }

    /// So many rows, each from all of these: output rows without anchors.
    pub fn all(&self, rows: u32) -> Origins {
        let mut entries = Vec::new();
        self.spans.iter().for_each(|span| self.entries(*span, &mut entries));
        let mut all = Origins::default();
        all.push_list(rows, &mut entries);
        all
    }

    /// The output rows of a call that was given these rows, by anchors as docs/formats.md lays them out.
    ///
    /// `rows` is the number of the output rows. Anchors that do not fit were refused before: here, what is missing comes
    /// from nothing, and what is too much is left out.
    pub fn anchored(&self, anchors: &[u32], rows: u32) -> Origins {
        let mut anchored = match anchors {
            [] => return self.all(rows),
            [0, counts @ ..] => self.repeat(counts),
            [1, inputs @ ..] => self.take(inputs.iter().copied()),
            [_, lists @ ..] => {
                let (offsets, inputs) = lists.split_at(lists.len().min(rows as usize + 1));
                self.merge(offsets, inputs)
            }
        };
        let found = anchored.rows();
        if found > rows {
            anchored = anchored.slice(0, rows);
        } else {
            anchored.push(rows - found, Source::Nothing);
        }
        anchored
    }

    /// Adds rows at the end.
    #[inline]
    pub(super) fn push(&mut self, rows: u32, source: Source) {
        if rows == 0 {
            return;
        }
        if let Some(last) = self.spans.last_mut() {
            let joined = match (last.source, source) {
                (Source::Each(first), Source::Each(next)) => (first + last.rows == next).then_some(Source::Each(first)),
                (before, after) if before == after => Some(before),
                (Source::Each(first), Source::One(next)) if rows == 1 && first + last.rows == next => {
                    Some(Source::Each(first))
                }
                (Source::One(first), Source::One(next)) if rows == 1 && last.rows == 1 && first + 1 == next => {
                    Some(Source::Each(first))
                }
                _ => None,
            };
            if let Some(source) = joined {
                *last = Span { rows: last.rows + rows, source };
                return;
            }
        }
        self.spans.push(Span { rows, source });
    }

    /// Adds rows of an entry that no row before them is of.
    #[inline]
    pub(super) fn push_new(&mut self, rows: u32, entry: u32) {
        match rows {
            0 => {}
            1 => self.push(1, Source::One(entry)),
            // They cannot join what is before them.
            _ => self.spans.push(Span { rows, source: Source::One(entry) }),
        }
    }

    /// Adds rows that come from all of these entries, which may come in any order and repeatedly.
    pub(super) fn push_list(&mut self, rows: u32, entries: &mut Vec<u32>) {
        entries.sort_unstable();
        entries.dedup();
        let source = match entries[..] {
            [] => Source::Nothing,
            [entry] => Source::One(entry),
            _ => match self.spans.last() {
                // Rows of one window, one after the other, come from the same list.
                Some(Span { source: same @ Source::Several { first, count }, .. })
                    if self.lists[*first as usize..][..*count as usize] == entries[..] =>
                {
                    *same
                }
                _ => {
                    self.lists.extend_from_slice(entries);
                    let count = entries.len() as u32;
                    Source::Several { first: self.lists.len() as u32 - count, count }
                }
            },
        };
        self.push(rows, source);
    }

    /// The entries that the rows of a span come from.
    pub(super) fn entries(&self, span: Span, entries: &mut Vec<u32>) {
        match span.source {
            Source::Nothing => {}
            Source::One(entry) => entries.push(entry),
            Source::Each(first) => entries.extend(first..first + span.rows),
            Source::Several { .. } => entries.extend_from_slice(self.list(span.source)),
        }
    }

    /// The list of a source of several entries.
    pub(super) fn list(&self, source: Source) -> &[u32] {
        match source {
            Source::Several { first, count } => &self.lists[first as usize..][..count as usize],
            _ => &[],
        }
    }
}

impl Source {
    /// The source of what is left when so many rows are taken away in front.
    #[inline]
    fn after(self, rows: u32) -> Source {
        match self {
            Source::Each(first) => Source::Each(first + rows),
            other => other,
        }
    }
}

/// Finds the source of a row: at once where rows are asked for in order, by bisection where they are not.
struct Locate<'a> {
    origins: &'a Origins,
    /// Where each span ends.
    ends: Vec<u32>,
    at: usize,
}

impl<'a> Locate<'a> {
    fn new(origins: &'a Origins) -> Locate<'a> {
        let mut ends = vec![0; origins.spans.len()];
        let mut end = 0;
        for (place, span) in ends.iter_mut().zip(&origins.spans) {
            end += span.rows;
            *place = end;
        }
        Locate { origins, ends, at: 0 }
    }

    #[inline]
    fn source(&mut self, row: u32) -> Source {
        let start = |at: usize| if at == 0 { 0 } else { self.ends[at - 1] };
        let here = |at: usize| at < self.ends.len() && start(at) <= row && row < self.ends[at];
        if !here(self.at) {
            self.at = if here(self.at + 1) { self.at + 1 } else { self.ends.partition_point(|end| *end <= row) };
        }
        let Some(span) = self.origins.spans.get(self.at) else { return Source::Nothing };
        match span.source {
            Source::Each(first) => Source::One(first + (row - if self.at == 0 { 0 } else { self.ends[self.at - 1] })),
            other => other,
        }
    }
}
