//! Keyed state that the host owns: interner, tables, staging, dirty tracking, timers. Pure.
