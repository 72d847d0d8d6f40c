//! Every subcommand, as its users meet it.

mod bench;
mod build_and_new;
mod check;
mod completions;
mod dead_letters;
mod dev;
mod graph;
mod help;
mod plugin;
mod resume;
mod retry;
mod retry_kinds;
mod run;
mod schema;
mod test;
mod top;
