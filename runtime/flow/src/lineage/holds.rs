//! What a bolt holds beyond the call that brought it.

use super::account::Account;
use super::edge::EdgeNumber;
use super::origins::Origins;
use super::segment::{Lineage, Segment};
use super::tree::Tree;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// The held rows of one bolt task, by the handle that its guest has of them.
///
/// Only their lineage is kept here: the guest has what it needs of the rows. The account that each function gives is to
/// be settled like that of a batch.
#[derive(Clone, Debug, Default)]
pub struct Holds {
    held: BTreeMap<u64, Segment>,
    rows: u64,
}

/// A handle that names nothing: it was never given, or what it held is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownHandle(pub u64);

impl Holds {
    /// Holds rows of a batch, whose account it is, under a handle that is not in use.
    pub fn hold(&mut self, handle: u64, account: &mut Account, origins: &Origins, edge: EdgeNumber) {
        self.rows += u64::from(origins.rows());
        self.held.insert(handle, account.hold(origins, edge));
    }

    /// Those of the handles that name something, each once. A guest that keeps handles in its state may name some of an instance
    /// before it, whose rows failed with it.
    pub fn known(&self, handles: &[u64]) -> Vec<u64> {
        let known: BTreeSet<u64> = handles.iter().copied().filter(|handle| self.held.contains_key(handle)).collect();
        known.into_iter().collect()
    }

    /// The rows under these handles are done with, once what is emitted from their origins is sent.
    ///
    /// # Errors
    /// As for [`ack`](Self::ack).
    pub fn release(&mut self, handles: &[u64]) -> Result<(Account, Origins), UnknownHandle> {
        Ok(Account::of_held(&self.take(handles)?))
    }

    /// The rows under these handles are done with.
    ///
    /// # Errors
    /// The first handle that names nothing; then nothing is changed.
    pub fn ack(&mut self, handles: &[u64]) -> Result<Account, UnknownHandle> {
        Ok(Account::of_held(&self.take(handles)?).0)
    }

    /// The rows under these handles failed.
    ///
    /// # Errors
    /// As for [`ack`](Self::ack).
    pub fn fail(&mut self, handles: &[u64]) -> Result<Account, UnknownHandle> {
        let (mut account, origins) = Account::of_held(&self.take(handles)?);
        account.fail(&origins);
        Ok(account)
    }

    /// Something is emitted from the rows under a handle, and they are held on: what is to be sent comes from the origins,
    /// and the account is settled after it was. The rows get the new edge number, so that one message tells of both.
    ///
    /// # Errors
    /// As for [`ack`](Self::ack).
    pub fn emit(&mut self, handle: u64, edge: EdgeNumber) -> Result<(Account, Origins), UnknownHandle> {
        let (mut account, origins) = Account::of_held(&self.take(&[handle])?);
        self.hold(handle, &mut account, &origins, edge);
        Ok((account, origins))
    }

    /// The trees of the rows under these handles, each once: their message timeout starts anew.
    ///
    /// # Errors
    /// As for [`ack`](Self::ack).
    pub fn trees(&self, handles: &[u64]) -> Result<Vec<Tree>, UnknownHandle> {
        let mut lineage = Lineage::default();
        for handle in handles {
            lineage.segments.push(self.held.get(handle).ok_or(UnknownHandle(*handle))?.clone());
        }
        let (account, origins) = Account::of_rows(&lineage);
        Ok(account.trees(&origins))
    }

    /// The rows that are held.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The handles, in ascending order: for a bolt that finishes while it holds something.
    pub fn handles(&self) -> Vec<u64> {
        self.held.keys().copied().collect()
    }

    fn take(&mut self, handles: &[u64]) -> Result<Lineage, UnknownHandle> {
        if let Some(unknown) = handles.iter().find(|handle| !self.held.contains_key(handle)) {
            return Err(UnknownHandle(*unknown));
        }
        // A handle that is named twice is taken once.
        let segments: Vec<Segment> = handles.iter().filter_map(|handle| self.held.remove(handle)).collect();
        let lineage = Lineage { segments };
        self.rows -= u64::from(lineage.rows());
        Ok(lineage)
    }
}
