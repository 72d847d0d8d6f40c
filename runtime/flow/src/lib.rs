//! The rules of the data plane: routing, batching, credit, faults, and the task as a pure step machine.
