//! How much memory an instance may have: all its memories and tables together.

use wasmtime::ResourceLimiter;

/// What a table's element takes.
const TABLE_ELEMENT_BYTES: u64 = 8;
/// Core instances, memories and tables that a component may be made of. A component made by a toolchain has about
/// four of each.
pub(crate) const MAX_PARTS: usize = 100;

/// Counts what the memories and tables of an instance take and refuses growth beyond the limit.
///
/// The engine's own limiter looks at each memory alone, so that two memories pass a limit together that they should
/// not. A refused growth is an ordinary failure to the guest (it may handle it); it is remembered, so that a trap
/// that follows can be explained by it.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: u64,
    used: u64,
    /// The last growth that was allowed, in case the operating system refuses it.
    last: u64,
    refused: Option<u64>,
}

impl Limiter {
    pub(crate) fn new(limit: u64) -> Limiter {
        Limiter { limit, used: 0, last: 0, refused: None }
    }

    pub(crate) fn used(&self) -> u64 {
        self.used
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }

    /// Forgets a refused growth: a new call begins.
    pub(crate) fn begin_call(&mut self) {
        self.refused = None;
    }

    /// What the instance wanted in all when growth was refused in this call.
    pub(crate) fn refused(&self) -> Option<u64> {
        self.refused
    }

    fn grow(&mut self, current: u64, desired: u64) -> bool {
        let wanted = desired.saturating_sub(current);
        let total = self.used.saturating_add(wanted);
        if total > self.limit {
            self.refused = Some(total);
            self.last = 0;
            return false;
        }
        self.used = total;
        self.last = wanted;
        true
    }

    fn take_back(&mut self) {
        self.used -= std::mem::take(&mut self.last);
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64, desired as u64))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64 * TABLE_ELEMENT_BYTES, desired as u64 * TABLE_ELEMENT_BYTES))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_and_tables_count_together() {
        let mut limiter = Limiter::new(1000);
        assert!(limiter.memory_growing(0, 400, None).unwrap());
        assert!(limiter.memory_growing(0, 400, None).unwrap(), "a second memory");
        assert!(limiter.table_growing(0, 20, None).unwrap());
        assert_eq!(limiter.used(), 960);
        assert!(!limiter.memory_growing(400, 500, None).unwrap());
        assert_eq!(limiter.refused(), Some(1060));
        limiter.begin_call();
        assert_eq!(limiter.refused(), None);
        assert_eq!(limiter.used(), 960);
    }

    #[test]
    fn what_the_system_refuses_does_not_count() {
        let mut limiter = Limiter::new(1000);
        assert!(limiter.memory_growing(0, 900, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("no memory")).unwrap();
        // The engine also reports the growth that this limiter refused.
        assert!(!limiter.memory_growing(0, 2000, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("refused")).unwrap();
        assert_eq!(limiter.used(), 0);
        assert!(limiter.memory_growing(0, 900, None).unwrap());
        assert!(!limiter.memory_growing(900, 2000, None).unwrap());
        limiter.memory_grow_failed(wasmtime::Error::msg("refused")).unwrap();
        assert_eq!(limiter.used(), 900);
    }
}
