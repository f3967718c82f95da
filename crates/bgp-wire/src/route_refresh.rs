//! ROUTE-REFRESH (RFC 2918; subtypes by RFC 7313).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |             AFI               |    Subtype    |     SAFI      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use crate::frame::{begin, finish};
use crate::iana::refresh_subtype;
use crate::{AfiSafi, Fault, Kind};

/// What a ROUTE-REFRESH says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefreshKind {
    /// Send all routes of the family again.
    Request,
    /// All routes of the family follow (BoRR).
    Begin,
    /// All routes of the family have been sent (EoRR).
    End,
}

/// A ROUTE-REFRESH message.
///
/// A family that was not agreed on makes the message one to ignore (RFC 2918, section 4); that is the
/// session's to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RouteRefresh {
    /// The family it is about.
    pub family: AfiSafi,
    /// What it says.
    pub kind: RefreshKind,
}

impl RouteRefresh {
    /// Reads a body; `None` for a subtype that has no meaning and must be ignored (RFC 7313, section 5).
    ///
    /// # Errors
    ///
    /// [`Fault::RefreshLength`] when the body is not four octets long. Longer ones carry outbound route
    /// filters (RFC 5291), which this speaker never offers.
    pub fn read(body: &[u8]) -> Result<Option<Self>, Fault> {
        let &[high, low, subtype, safi] = body else {
            let mut message = Vec::with_capacity(crate::frame::HEADER + body.len());
            let start = begin(Kind::RouteRefresh, &mut message);
            message.extend_from_slice(body);
            finish(start, &mut message);
            return Err(Fault::RefreshLength { message });
        };
        let kind = match subtype {
            refresh_subtype::REQUEST => RefreshKind::Request,
            refresh_subtype::BEGIN => RefreshKind::Begin,
            refresh_subtype::END => RefreshKind::End,
            _ => return Ok(None),
        };
        Ok(Some(Self { family: AfiSafi { afi: u16::from_be_bytes([high, low]), safi }, kind }))
    }

    /// Appends the message.
    pub fn write(&self, out: &mut Vec<u8>) {
        let subtype = match self.kind {
            RefreshKind::Request => refresh_subtype::REQUEST,
            RefreshKind::Begin => refresh_subtype::BEGIN,
            RefreshKind::End => refresh_subtype::END,
        };
        let start = begin(Kind::RouteRefresh, out);
        let [high, low] = self.family.afi.to_be_bytes();
        out.extend_from_slice(&[high, low, subtype, self.family.safi]);
        finish(start, out);
    }
}
