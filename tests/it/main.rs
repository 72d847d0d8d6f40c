//! Whole-system tests: the real binary, real guests, real files.

mod architecture;
mod book;
mod commands;
mod faults;
mod groupings;
mod guests;
mod json;
mod living;
mod overlaps;
mod plugins;
mod poison;
mod texts;
mod word_count;
