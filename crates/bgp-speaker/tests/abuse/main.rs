//! Bad input: what a hostile or broken peer can send, and what it must not achieve.
//!
//! One edge, played by hand ([`hand::Edge`]): the peer under test says bytes of the test's choice, and beside it sit
//! two bystanders, a gateway in the same routing domain and another customer in a domain of its own. Whatever
//! happens, the right NOTIFICATION goes out, one notice tells of it, and the bystanders stay up and see no more than
//! the routes that go.

#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod attributes;
mod connections;
mod hand;
mod header;
mod opening;
mod random;
mod storms;
mod table;
