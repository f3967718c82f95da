//! Names of the design as files, identifiers and Azure resources can have them.

use catalog::Catalog;
use std::collections::BTreeSet;

/// Lower case letters, digits and `-`, beginning with a letter; `x` for a name that has none of them.
pub(crate) fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(48) {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => slug.push(c),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    match slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        true => slug.to_owned(),
        false => format!("x{slug}"),
    }
}

/// Slugs that are not given twice.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// The slug of a name; a number is put behind one that is taken.
    pub(crate) fn unique(&mut self, name: &str) -> String {
        let slug = slug(name);
        let numbered = (2..).map(|number| format!("{slug}-{number}"));
        let free = std::iter::once(slug.clone()).chain(numbered).find(|slug| !self.0.contains(slug));
        let free = free.unwrap_or(slug);
        self.0.insert(free.clone());
        free
    }
}

/// How Microsoft's routers of a location are called, without `-a` and `-b`.
pub(crate) fn msee(location: Option<&str>, catalog: &Catalog) -> String {
    let Some(location) = location else { return "microsoft".to_owned() };
    catalog.location(location).map_or_else(|| slug(location), |location| location.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_an_identifier_and_no_two_become_the_same() {
        let mut names = Names::default();
        let given = ["Silicon Valley", "silicon-valley", "", "7", "Ünal & Co.", "a--b", "; rm -rf /"];
        let slugs = given.map(|name| names.unique(name));
        assert_eq!(slugs, ["silicon-valley", "silicon-valley-2", "x", "x7", "nal-co", "a-b", "rm-rf"]);
    }
}
