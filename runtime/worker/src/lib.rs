//! Tasks, links, logs and metrics: the shell that runs assignments.
