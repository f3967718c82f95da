//! A tally as text, for a part of the records that another process or machine counts.

use super::tally::Cell;
use super::{Key, Odd, Tally};
use crate::Way;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Number of the key, bytes out and in, flows out and in.
type Counted = (usize, u64, u64, u64, u64);

/// The shape of the text.
#[derive(Debug, Serialize, Deserialize)]
struct Text {
    /// 1, the only version.
    twinpath_capacity: u32,
    fingerprint: u64,
    seconds: u32,
    records: u64,
    between: u64,
    backwards: u64,
    endless: u64,
    /// Site, way and class.
    keys: Vec<(String, String, String)>,
    /// By interval.
    cells: BTreeMap<i64, Vec<Counted>>,
}

/// Why a text is no partial result that fits.
#[derive(Debug, thiserror::Error)]
pub enum PartialError {
    /// It is none.
    #[error("no partial result, or one that was cut: {0}")]
    Text(#[from] serde_json::Error),
    /// Another version wrote it.
    #[error("a partial result of version {0}; wanted 1")]
    Version(u32),
    /// It was counted by another split, other sites or other intervals, so its numbers cannot be added.
    #[error(
        "counted with another split, other sites or another interval; count it anew, or name the same design and endpoints"
    )]
    Other,
    /// A cell or key names what is not there.
    #[error("{0} is not in the partial result; it was changed by hand or cut")]
    Missing(String),
}

impl Tally {
    /// The tally as text. `fingerprint` is that of the classifier.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn to_partial(&self, fingerprint: u64) -> Result<String, PartialError> {
        let keys = self.keys.iter().map(|key| (key.site.clone(), key.way.to_string(), key.class.clone())).collect();
        let cells = self.cells.iter().map(|(index, cells)| {
            let own = cells.iter().enumerate().filter(|(_, cell)| **cell != Cell::default());
            let own = own.map(|(slot, cell)| (slot, cell.bytes[0], cell.bytes[1], cell.flows[0], cell.flows[1]));
            (*index, own.collect())
        });
        let text = Text {
            twinpath_capacity: 1,
            fingerprint,
            seconds: self.seconds,
            records: self.records,
            between: self.odd.between,
            backwards: self.odd.backwards,
            endless: self.odd.endless,
            keys,
            cells: cells.collect(),
        };
        Ok(serde_json::to_string(&text)?)
    }

    /// Reads a tally of the same classifier and the same interval.
    ///
    /// # Errors
    /// The text is none, or of another classifier or interval.
    pub fn from_partial(text: &str, fingerprint: u64, seconds: u32) -> Result<Self, PartialError> {
        let text: Text = serde_json::from_str(text)?;
        if text.twinpath_capacity != 1 {
            return Err(PartialError::Version(text.twinpath_capacity));
        }
        if text.fingerprint != fingerprint || text.seconds != seconds {
            return Err(PartialError::Other);
        }
        let mut tally = Self::new(text.seconds);
        tally.records = text.records;
        tally.odd = Odd { between: text.between, backwards: text.backwards, endless: text.endless };
        for (site, way, class) in text.keys {
            let known = Way::ALL.into_iter().find(|own| own.to_string() == way);
            let way = known.ok_or_else(|| PartialError::Missing(format!("the way `{way}`")))?;
            tally.keys.push(Key { site, way, class });
        }
        for (index, list) in text.cells {
            let mut cells = vec![Cell::default(); tally.keys.len()];
            for (slot, out, into, flows_out, flows_in) in list {
                let cell = cells.get_mut(slot).ok_or_else(|| PartialError::Missing(format!("key {slot}")))?;
                cell.add(&Cell { bytes: [out, into], flows: [flows_out, flows_in] });
            }
            tally.cells.insert(index, cells);
        }
        Ok(tally)
    }
}
