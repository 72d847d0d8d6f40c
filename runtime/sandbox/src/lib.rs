//! The only crate that names wasmtime: engine, artifact cache, grants, limits, imports, instances.
