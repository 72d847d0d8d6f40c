//! Reads a script: bytes that say what the guest does. Any bytes are one; at their end everything is 0 or empty.
//!
//! A number is one byte up to 250; 251 stands for the greatest of 32 bits, 255 for the greatest of 64; 252, 253 and 254
//! say that it follows in 2, 4 or 8 bytes.

/// Never more than this is made of a few bytes: a guest's memory is smaller.
const MAX_MADE_BYTES: u64 = 24 << 20;
const MAX_MADE_NUMBERS: u64 = 1 << 20;

pub struct Reader<'a> {
    rest: &'a [u8],
}

/// Bytes that a script may name without having them.
#[derive(Default)]
pub struct Known {
    /// What the host gave with the call.
    pub given: Vec<u8>,
    /// What the host answered last.
    pub answer: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub fn new(rest: &'a [u8]) -> Reader<'a> {
        Reader { rest }
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        first
    }

    pub fn number(&mut self) -> u64 {
        match self.byte() {
            251 => u64::from(u32::MAX),
            252 => self.fixed(2),
            253 => self.fixed(4),
            254 => self.fixed(8),
            255 => u64::MAX,
            small => u64::from(small),
        }
    }

    fn fixed(&mut self, width: usize) -> u64 {
        (0..width).fold(0, |number, at| number | u64::from(self.byte()) << (8 * at))
    }

    /// Bytes: written out, known, known with a word changed, one byte over and over, or wherever a pointer points.
    pub fn bytes(&mut self, known: &Known) -> Vec<u8> {
        match self.byte() % 8 {
            0 | 1 => {
                let length = self.rest.len().min(self.number() as usize);
                let (bytes, rest) = self.rest.split_at(length.min(self.rest.len()));
                self.rest = rest;
                bytes.to_vec()
            }
            2 => known.given.clone(),
            3 => known.answer.clone(),
            4 => self.changed(&known.given),
            5 => self.changed(&known.answer),
            6 => {
                let (length, byte) = (self.number().min(MAX_MADE_BYTES), self.byte());
                vec![byte; length as usize]
            }
            _ => Vec::new(),
        }
    }

    fn changed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (at, value) = (self.number() as usize, self.number() as u32);
        let mut bytes = bytes.to_vec();
        if bytes.len() >= 4 {
            let at = at % (bytes.len() - 3);
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        bytes
    }

    /// Text that need not be UTF-8.
    pub fn text(&mut self, known: &Known) -> String {
        // SAFETY: it is not safe, and meant so: the host must not believe the guest.
        unsafe { String::from_utf8_unchecked(self.bytes(known)) }
    }

    /// Numbers: each for itself, or one over and over.
    pub fn numbers(&mut self) -> Vec<u64> {
        let count = self.number().min(MAX_MADE_NUMBERS);
        if count > 64 {
            return vec![self.number(); count as usize];
        }
        (0..count).map(|_| self.number()).collect()
    }

    pub fn words(&mut self) -> Vec<u32> {
        self.numbers().into_iter().map(|number| number as u32).collect()
    }
}

/// The script in a configuration: hexadecimal digits between quotes, or nothing.
pub fn of_configuration(configuration: &str) -> Vec<u8> {
    let digits: Vec<u8> = configuration.bytes().filter_map(|byte| (byte as char).to_digit(16)).map(|it| it as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
