//! TODO

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[];
