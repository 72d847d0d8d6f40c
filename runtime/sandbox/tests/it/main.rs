//! The sandbox with real guests: components from `tests/guests` that misbehave in every way that must be survived.

mod bench;
mod describing;
mod emitting;
mod encoding;
mod failing;
mod granted;
mod guests;
mod keeping;
mod limits;
mod loading;
mod spouts;
