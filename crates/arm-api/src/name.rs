//! What resources may be called, and what the parts of a path may hold.

use crate::ArmError;

/// The rule for names, as it is told.
const RULE: &str = "1 to 80 characters, letters, digits, `_`, `.` and `-`, that begin with a letter or digit and end \
     with one or with `_`";

/// Checks the name of a new network resource (spec 07, 2). `target` says where it stands.
///
/// # Errors
///
/// 400 `InvalidResourceName`.
pub fn check(name: &str, target: &str) -> Result<(), ArmError> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let good = (1..=80).contains(&name.len())
        && name.chars().all(inside)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    refuse(good, name, target, RULE)
}

/// Checks the name of a new resource group.
///
/// # Errors
///
/// 400 `InvalidResourceName`.
pub fn check_group(name: &str, target: &str) -> Result<(), ArmError> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '(' | ')');
    let good = (1..=90).contains(&name.chars().count()) && name.chars().all(inside) && !name.ends_with('.');
    let rule = "1 to 90 letters, digits, `_`, `.`, `-`, `(` and `)`, without a `.` at the end";
    refuse(good, name, target, rule)
}

fn refuse(good: bool, name: &str, target: &str, rule: &str) -> Result<(), ArmError> {
    if good {
        return Ok(());
    }
    let seen: String = name.escape_debug().take(100).collect();
    Err(ArmError::bad_request("InvalidResourceName", format!("the name is `{seen}`, wanted {rule}")).at(target))
}

/// Whether a decoded part of a path, or of an id, may be one at all: not empty, not `.` or `..`, nothing that is not
/// to be seen or that stands for something else in an address.
pub fn is_segment(part: &str) -> bool {
    !part.is_empty()
        && part != "."
        && part != ".."
        && !part.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | '%' | '?' | '#'))
}
