//! Credit: how much may be under way on a channel.
//!
//! A sender may have `limit` bytes of frames under way that the receiver has not yet processed. The receiver gives
//! bytes back when it has. One frame may always be under way, however large, or it would never get through.

/// The sender's account of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    limit: u64,
    outstanding: u64,
}

impl Window {
    /// An untouched window of so many bytes.
    pub(crate) fn new(limit: u64) -> Window {
        Window { limit, outstanding: 0 }
    }

    /// Bytes that are under way.
    pub(crate) fn outstanding(&self) -> u64 {
        self.outstanding
    }

    /// Whether a frame of so many bytes may be sent now.
    pub(crate) fn allows(&self, bytes: u64) -> bool {
        self.outstanding == 0 || self.outstanding.saturating_add(bytes) <= self.limit
    }

    /// A frame of so many bytes is sent.
    pub(crate) fn take(&mut self, bytes: u64) {
        self.outstanding += bytes;
    }

    /// The receiver has processed so many bytes. More than is under way counts as all of it: a receiver that
    /// miscounts may only ever harm itself.
    pub(crate) fn give_back(&mut self, bytes: u64) {
        self.outstanding = self.outstanding.saturating_sub(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_up_and_empties() {
        let mut window = Window::new(100);
        assert!(window.allows(60));
        window.take(60);
        assert!(window.allows(40));
        assert!(!window.allows(41));
        window.take(40);
        assert!(!window.allows(1));
        window.give_back(60);
        assert!(window.allows(60));
        assert_eq!(window.outstanding(), 40);
    }

    #[test]
    fn one_frame_always_gets_through() {
        let mut window = Window::new(100);
        assert!(window.allows(1_000_000));
        window.take(1_000_000);
        assert!(!window.allows(1));
        window.give_back(1_000_000);
        assert!(window.allows(1_000_000));
    }

    #[test]
    fn too_much_credit_opens_no_larger_window() {
        let mut window = Window::new(100);
        window.take(10);
        window.give_back(1_000);
        assert_eq!(window.outstanding(), 0);
        window.take(100);
        assert!(!window.allows(1));
    }
}
