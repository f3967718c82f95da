//! What edges shall run, from what is stored.
