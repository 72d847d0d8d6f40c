//! How other commands reach a topology that runs: a socket in the folder of its run.
//!
//! ```text
//!   petrel top, resume, dead-letters retry, drop                 petrel run, petrel dev
//!   Client ── a request, a line of JSON ──► runs/NAME/control.sock ──► ControlServer ──► RunHandle
//!          ◄── its answers, a line each ──                             (a thread of its own)
//! ```
//!
//! The protocol is in docs/formats.md. Only the user who runs the topology may ask; requests, connections and waiting are
//! bounded; the run waits for nobody who asks.

mod client;
mod protocol;
mod server;
mod socket;

pub(crate) use client::Client;
pub(crate) use protocol::{Answer, Ask};
pub(crate) use server::ControlServer;
