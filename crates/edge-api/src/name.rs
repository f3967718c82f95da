//! Names of edges.

use crate::Side;

/// The name of an edge: its peering location in lower-case letters, digits and `-`, then `-a` for the primary edge of
/// the pair there and `-b` for the secondary.
pub fn edge_name(location: &str, side: Side) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let place: String = location.chars().map(letter).collect();
    match side {
        Side::Primary => format!("{place}-a"),
        Side::Secondary => format!("{place}-b"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_is_named_after_its_place_and_side() {
        assert_eq!(edge_name("Silicon Valley", Side::Primary), "silicon-valley-a");
        assert_eq!(edge_name("Amsterdam2", Side::Secondary), "amsterdam2-b");
    }
}
