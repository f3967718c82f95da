//! What is written down while the edge runs.
