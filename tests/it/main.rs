//! Whole-system tests: the real binary, real guests, real files.

mod architecture;
mod book;
