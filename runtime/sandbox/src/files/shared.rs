//! What the tasks of a component find behind a path: looked up once, so that they agree who reads what, whatever comes
//! or goes in the folder meanwhile.

use super::blocking;
use super::listing::{self, Listing};
use petrel_model::{ComponentName, TopologyName};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use tokio::sync::OnceCell;

/// Whose listing it is: topology, component, path.
type Owner = (TopologyName, ComponentName, String);

/// A listing that is shared by all instances of this process that have been given it, and is gone with the last.
#[derive(Clone, Debug)]
pub(super) struct SharedListing {
    path: String,
    cell: Arc<OnceCell<Listing>>,
}

impl SharedListing {
    /// The listing of a component's path.
    pub(super) fn of(topology: &TopologyName, component: &ComponentName, path: &str) -> SharedListing {
        static KNOWN: LazyLock<Mutex<HashMap<Owner, Weak<OnceCell<Listing>>>>> = LazyLock::new(Mutex::default);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = (topology.clone(), component.clone(), path.to_owned());
        let cell = known.get(&owner).and_then(Weak::upgrade).unwrap_or_else(|| {
            known.retain(|_, cell| cell.strong_count() > 0);
            let cell = Arc::default();
            known.insert(owner, Arc::downgrade(&cell));
            cell
        });
        SharedListing { path: path.to_owned(), cell }
    }

    /// The listing, and whether it was taken just now, by whoever asks.
    pub(super) async fn get(&self) -> Result<(&Listing, bool), String> {
        let mut is_new = false;
        let take = || {
            is_new = true;
            let path = self.path.clone();
            blocking(move || listing::list(&path))
        };
        let listing = self.cell.get_or_try_init(take).await?;
        Ok((listing, is_new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn instances_of_one_component_see_the_same_and_later_ones_see_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let of = |component: &str| SharedListing::of(&"shared".into(), &component.into(), path);
        let count = |listing: &SharedListing| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { listing.get().await.map(|(listing, is_new)| (listing.files.len(), is_new)) })
        };
        fs::write(folder.path().join("a"), "").unwrap();
        let (first, second) = (of("lines"), of("lines"));
        assert_eq!(count(&first), Ok((1, true)));
        fs::write(folder.path().join("b"), "").unwrap();
        assert_eq!(count(&second), Ok((1, false)));
        assert_eq!(count(&of("other")), Ok((2, true)), "another component looks for itself");
        drop(first);
        assert_eq!(count(&of("lines")), Ok((1, false)), "one that takes over sees what the others see");
        drop(second);
        assert_eq!(count(&of("lines")), Ok((2, true)));
    }

    #[test]
    fn what_failed_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let listing = SharedListing::of(&"shared".into(), &"again".into(), folder.path().join("in").to_str().unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(listing.get()).unwrap_err().contains("No such file"));
        fs::create_dir(folder.path().join("in")).unwrap();
        assert!(runtime.block_on(listing.get()).is_ok());
    }
}
