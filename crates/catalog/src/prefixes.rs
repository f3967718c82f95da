//! Prefixes that carry a community on Microsoft peering.
//!
//! Nobody publishes what Microsoft announces by community. The table is made of the published lists by service and
//! region, which is near enough to see filters, limits and tables at work, and is not the truth of a day.

use crate::table::CatalogError;
use model::{Community, Prefix, Value};

/// The table as text: sixteen thousand prefixes are read by who announces them, not by every command.
#[derive(Debug)]
pub(crate) struct CommunityPrefixes {
    text: String,
}

impl CommunityPrefixes {
    /// Takes the text of the file. `check` reads all of it at once, for a file that no test has read.
    pub(crate) fn parse(file: &'static str, text: String, check: bool) -> Result<Self, CatalogError> {
        if check {
            for (line, row) in rows(&text) {
                row.map_err(|reason| CatalogError { file, line, reason })?;
            }
        }
        Ok(Self { text })
    }

    /// Every community with its prefixes, in the order of the file.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Community, Vec<Prefix>)> + '_ {
        rows(&self.text).filter_map(|(_, row)| row.ok())
    }
}

type Row = Result<(Community, Vec<Prefix>), String>;

/// The rows with their lines, the header left out.
fn rows(text: &str) -> impl Iterator<Item = (u64, Row)> + '_ {
    let lines = text.lines().enumerate().skip(1).filter(|(_, line)| !line.is_empty());
    lines.map(|(index, line)| (index as u64 + 1, row(line)))
}

fn row(line: &str) -> Row {
    let (community, prefixes) = line.split_once(',').ok_or_else(|| "no comma".to_owned())?;
    let community = Community::parse(community).map_err(|error| error.reason)?;
    let prefixes = prefixes.split_whitespace().map(|text| Prefix::parse(text).map_err(|error| error.reason));
    Ok((community, prefixes.collect::<Result<_, _>>()?))
}
