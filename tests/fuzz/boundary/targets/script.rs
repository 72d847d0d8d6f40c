//! Writes scripts as `tests/guests/script` reads them.

/// A script that is being written.
#[derive(Clone, Default)]
pub(crate) struct Script(Vec<u8>);

impl Script {
    /// For the guest and call of that number.
    pub(crate) fn of(which: u8) -> Script {
        Script(vec![which])
    }

    /// An operation, a choice or a flag.
    pub(crate) fn byte(mut self, byte: u8) -> Script {
        self.0.push(byte);
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Script {
        match number {
            0..=250 => self.0.push(number as u8),
            _ => {
                self.0.push(254);
                self.0.extend(number.to_le_bytes());
            }
        }
        self
    }

    pub(crate) fn numbers(self, numbers: &[u64]) -> Script {
        let counted = self.number(numbers.len() as u64);
        numbers.iter().fold(counted, |script, &number| script.number(number))
    }

    /// These very bytes.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Script {
        let mut script = self.byte(0).number(bytes.len() as u64);
        script.0.extend(bytes);
        script
    }

    /// What the host gave with the call.
    pub(crate) fn given(self) -> Script {
        self.byte(2)
    }

    /// What the host answered last.
    pub(crate) fn answer(self) -> Script {
        self.byte(3)
    }

    /// What was given, with a word changed.
    pub(crate) fn given_but(self, at: u64, value: u64) -> Script {
        self.byte(4).number(at).number(value)
    }

    /// A byte over and over.
    pub(crate) fn many(self, length: u64, byte: u8) -> Script {
        self.byte(6).number(length).byte(byte)
    }

    pub(crate) fn end(self) -> Vec<u8> {
        self.0
    }
}
