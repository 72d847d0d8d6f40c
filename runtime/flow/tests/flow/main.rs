//! Whole graphs of tasks, run by a small executor: one thread, virtual time, native closures as guests, and a seed
//! that decides in which order everything that may happen next does.

mod ends;
mod executor;
mod faults;
mod graph;
mod groupings;
mod mixture;
mod pressure;
mod time;
mod word_count;
