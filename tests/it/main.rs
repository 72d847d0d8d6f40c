//! Whole-system tests: the real binary, real guests, real files.

mod architecture;
mod book;
mod commands;
mod guests;
mod faults;
mod groupings;
mod living;
mod texts;
mod word_count;
