//! The configuration of an edge: one TOML file.
//!
//! [`Config`] and the tables in it are declared once (`tree`), and reading, refusing and the reference page follow
//! from that. [`Config::load`] reads the file and what it names and checks all of it before anything starts: a
//! [`Refused`] tells every [`Problem`] with its line and column, what was seen and what was expected. Values are
//! read from the syntax tree and not by serde, which would stop at the first problem.
//!
//! [`diff()`] says what a new configuration changes, so that a reload touches nothing else.

mod check;
mod diff;
mod load;
mod prefix_file;
mod problem;
mod reference;
#[macro_use]
mod section;
#[macro_use]
mod setting;
mod tree;
mod values;

pub use diff::{Change, Touched, diff};
pub use problem::{Problem, Refused};
pub use reference::reference;
pub use section::{Absent, Key, Places, Section};
pub use setting::Whole;
pub use tree::{Attach, Bmp, Config, Dataplane, Domain, Feed, Peer, Port, PrefixFile, Record, Route, SECTIONS, Tunnel};
pub use values::{Backend, Bfd, BgpRole, Encapsulation, Family, Label, Md5Key, Peering, PrefixLimit, Side, Tagging};

#[cfg(test)]
mod diff_tests;
#[cfg(test)]
mod tests;
