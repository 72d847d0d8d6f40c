//! Whole-system tests: the real binary, real guests, real files.

mod architecture;
mod book;
mod commands;
mod guests;
mod groupings;
mod texts;
mod word_count;
