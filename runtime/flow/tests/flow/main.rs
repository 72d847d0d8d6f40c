//! Whole graphs of tasks, run by a small executor: one thread, virtual time, native closures as guests, and a seed
//! that decides in which order everything that may happen next does.

mod at_least_once;
mod call_faults;
mod dead_letters;
mod descent;
mod ends;
mod executor;
mod faults;
mod graph;
mod groupings;
mod mixture;
mod pressure;
mod spout_faults;
mod time;
mod timeouts;
mod word_count;
