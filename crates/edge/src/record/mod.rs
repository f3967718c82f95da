//! What is written down: dumps of tables (MRT, RFC 6396), the stream to monitoring stations (BMP, RFC 7854), and the
//! events that `replay` plays back.

mod bmp;
mod clock;
mod dump;
mod event;
mod hex;
mod replay;
mod tape;

pub(crate) use bmp::Stations;
pub(crate) use clock::stamp;
pub(crate) use dump::dump;
pub(crate) use event::Event;
pub use event::Text;
pub use hex::{from_hex, to_hex};
pub use replay::{ReplayError, replay};
pub use tape::Tape;
