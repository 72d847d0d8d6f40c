//! What one or several calls of `process` take, and what is owed to the senders when they have.
//!
//! A batch is a stack of *pieces*: rows that are still to be processed, the next ones on top. A call takes some rows from the top
//! piece. Rows that a guest will not have are left out by putting the others of its call on top as a piece of their
//! own, so that these are searched, sized and counted like any other.

use crate::batching::slice_rows;
use crate::bisection::{Attempt, Bisection, Verdict};
use crate::dead_letter::TupleOrigin;
use crate::frame::Frame;
use crate::lineage::{Account, Origins};
use crate::parcel::Parcel;
use crate::retry::{LetterAgain, Waiting};
use crate::tuning::Tuning;
use alloc::vec::Vec;

/// Frames of one input that are processed, and credited, together.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The number of the input.
    pub(crate) port: usize,
    /// How often its rows were tried before.
    pub(crate) tried: u32,
    /// Which dead letter it is, if it is one that is tried again.
    pub(crate) letter: Option<LetterAgain>,
    /// What is owed, once everything is done with.
    pub(crate) receipts: Vec<Receipt>,
    /// The frames that are left, the next one last, each with where its rows came from. Nearly always a single one.
    frames: Vec<Whole>,
    /// What is left of the last of them, the next rows last. Empty only when everything is done with.
    pieces: Vec<Piece>,
    /// What is owed to ackers for the last of the frames; none where nothing is tracked.
    tracked: Option<Tracked>,
    /// What is owed for the frames before it: to be settled.
    settled: Vec<Account>,
    tuning: Tuning,
}

/// A frame and where its rows came from, in order.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) parcel: Parcel,
    pub(crate) sources: Vec<Source>,
}

/// What is owed to ackers for a frame, until all of it is done with.
#[derive(Debug)]
struct Tracked {
    account: Account,
    origins: Origins,
}

/// Rows that came in one message, or are left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Of the first of them.
    pub(crate) origin: TupleOrigin,
    /// How many there are.
    pub(crate) rows: u32,
}

/// Rows of a frame.
#[derive(Debug)]
struct Piece {
    frame: Frame,
    /// Which row of the frame that they come from each of them is; none: the same.
    rows: Option<Vec<u32>>,
    /// So many of them are done with.
    done: usize,
    bisection: Bisection,
    /// The guest has taken out rows before.
    again: bool,
}

/// What a call is to take.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) frame: Frame,
    pub(crate) attempt: Attempt,
}

/// What a sender is owed for the frames of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// The number of the channel within the input.
    pub(crate) channel: usize,
    /// Credit.
    pub(crate) bytes: u64,
    /// The latest watermark among them.
    pub(crate) watermark: i64,
}

impl Batch {
    /// Of these frames in order, at least one.
    pub(crate) fn new(port: usize, mut frames: Vec<Whole>, receipts: Vec<Receipt>, tuning: &Tuning) -> Batch {
        frames.reverse();
        let mut batch = Batch {
            port,
            tried: 0,
            letter: None,
            receipts,
            frames,
            pieces: Vec::new(),
            tracked: None,
            settled: Vec::new(),
            tuning: *tuning,
        };
        batch.refill();
        batch
    }

    /// Of rows that were tried before.
    pub(crate) fn again(waiting: Waiting, tuning: &Tuning) -> Batch {
        let Waiting { port, rows, tried, letter } = waiting;
        Batch { tried, letter, ..Batch::new(port, Vec::from([rows]), Vec::new(), tuning) }
    }

    /// What the next call is to take; none when everything is done with.
    pub(crate) fn part(&self) -> Option<Part> {
        let piece = self.pieces.last()?;
        let all = piece.frame.view().rows();
        let rows = piece.bisection.rows().min(all - piece.done);
        let whole = piece.done == 0 && rows == all;
        let frame = if whole { piece.frame.clone() } else { piece.frame.slice(piece.done..piece.done + rows) };
        Some(Part { frame, attempt: piece.bisection.attempt(rows) })
    }

    /// Whether everything is done with.
    pub(crate) fn is_done(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The next rows, so many, were processed.
    pub(crate) fn passed(&mut self, rows: usize) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.bisection.passed(rows);
        }
        self.skip(rows);
    }

    /// Whether the next row is one that the guest named when it failed.
    pub(crate) fn is_at_named(&self) -> bool {
        self.pieces.last().is_some_and(|piece| piece.bisection.is_at_named())
    }

    /// The next rows, so many, are done with in another way.
    pub(crate) fn skip(&mut self, rows: usize) {
        let Some(piece) = self.pieces.last_mut() else { return };
        piece.done += rows;
        self.drop_done();
    }

    /// A call with the next rows, so many, failed, for want of time or otherwise; at the row of that number, if the guest
    /// said so.
    pub(crate) fn failed(&mut self, rows: usize, timed_out: bool, named: Option<usize>) -> Verdict {
        self.pieces.last_mut().map_or(Verdict::Condemned, |piece| piece.bisection.failed(rows, timed_out, named))
    }

    /// The next rows, so many, are too large for a call.
    pub(crate) fn too_many(&mut self, rows: usize) -> Verdict {
        self.pieces.last_mut().map_or(Verdict::Condemned, |piece| piece.bisection.too_many(rows))
    }

    /// The guest will not have some of the next rows, of which the call took so many: leaves these out. `unwanted` is in
    /// order, numbered in the part.
    pub(crate) fn leave_out(&mut self, part: &Frame, rows: usize, unwanted: &[u32]) {
        let Some(piece) = self.pieces.last_mut() else { return };
        let (again, first) = (piece.again, piece.done);
        let original = |row: u32| {
            let row = first + row as usize;
            piece.rows.as_ref().map_or(row as u32, |rows| rows[row])
        };
        let usual = slice_rows(rows, part.bytes(), &self.tuning);
        let others = |range: core::ops::Range<u32>, bisection: Bisection| {
            let kept: Vec<u32> = range.filter(|row| unwanted.binary_search(row).is_err()).collect();
            (!kept.is_empty()).then(|| Piece {
                frame: part.take(&kept),
                rows: Some(kept.into_iter().map(original).collect()),
                done: 0,
                bisection,
                again: true,
            })
        };
        let end = rows as u32;
        let others = match unwanted.first() {
            // A guest that takes out one row after the other is not called with all the others each time.
            Some(bad) if again => [*bad..end, 0..*bad].map(|range| others(range, Bisection::carefully(usual))),
            _ => [others(0..end, Bisection::new(usual)), None],
        };
        piece.done += rows;
        piece.bisection.set_aside(rows);
        self.pieces.extend(others.into_iter().flatten());
        self.drop_done();
    }

    /// Where a row of the next part came from.
    pub(crate) fn origin(&self, row: usize) -> Option<TupleOrigin> {
        let piece = self.pieces.last()?;
        let row = piece.done + row;
        let mut row = piece.rows.as_ref().map_or(Some(row as u32), |rows| rows.get(row).copied())?;
        for source in &self.frames.last()?.sources {
            if row < source.rows {
                return Some(TupleOrigin { row: source.origin.row + row, ..source.origin });
            }
            row -= source.rows;
        }
        None
    }

    /// What is owed to ackers for the frame that the next part is of, and the origins of so many rows of the part; none
    /// where nothing is tracked.
    pub(crate) fn tracked(&mut self, rows: usize) -> Option<(&mut Account, Origins)> {
        let Tracked { account, origins } = self.tracked.as_mut()?;
        let piece = self.pieces.last()?;
        let part = piece.done..piece.done + rows;
        let origins = match &piece.rows {
            None => origins.slice(part.start as u32, part.end as u32),
            Some(rows) => origins.take(rows[part].iter().copied()),
        };
        Some((account, origins))
    }

    /// What is owed to ackers for frames that are done with.
    pub(crate) fn take_settled(&mut self) -> Vec<Account> {
        core::mem::take(&mut self.settled)
    }

    /// Bytes of the frames that are not done with.
    pub(crate) fn bytes(&self) -> u64 {
        self.frames.iter().map(|whole| whole.parcel.bytes()).sum()
    }

    /// Leaves what is done with behind.
    fn drop_done(&mut self) {
        while self.pieces.pop_if(|piece| piece.done >= piece.frame.view().rows()).is_some() {}
        if self.pieces.is_empty() {
            self.frames.pop();
            self.settled.extend(self.tracked.take().map(|tracked| tracked.account));
            self.refill();
        }
    }

    fn refill(&mut self) {
        while let Some(Whole { parcel: Parcel { frame, lineage }, .. }) = self.frames.last() {
            let rows = frame.view().rows();
            if rows > 0 {
                let bisection = Bisection::new(slice_rows(rows, frame.bytes(), &self.tuning));
                let frame = frame.clone();
                self.tracked = (!lineage.segments.is_empty()).then(|| {
                    let (account, origins) = Account::of_rows(lineage);
                    Tracked { account, origins }
                });
                return self.pieces.push(Piece { frame, rows: None, done: 0, bisection, again: false });
            }
            self.frames.pop();
        }
    }
}
