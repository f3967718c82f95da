//! The configuration of an edge.
