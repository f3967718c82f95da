//! What a session carried and what a table holds, in the formats that other tools read.
//!
//! [`bmp`] is the stream to a monitoring station (RFC 7854): sessions as they come and go, and their UPDATEs.
//! [`mrt`] is the file (RFC 6396): a dump of tables, or a log of messages. Both are written only.
//!
//! Every function appends one message or record to the caller's buffer. What is written is made of the values of
//! [`bgp_wire`], and of messages as they were on the wire. Time comes in as a [`Stamp`]; the buffer goes where
//! the caller takes it. A function that can refuse leaves the buffer as it was.

pub mod bmp;
mod iana;
pub mod mrt;
mod stamp;
mod writer;

pub use stamp::Stamp;
