//! Account and subscription: who owns the circuits and pays for them.

mod account_inactive;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[&account_inactive::RULE];
