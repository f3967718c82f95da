//! A plan for people and for programs.
//!
//! [`Page`] is the one form between a plan and what is read: sections of tables and sentences. The terminal and Markdown
//! both lay it out, so that they cannot disagree; JSON is the plan itself.

mod json;
mod markdown;
mod page;
mod terminal;

pub use json::value as json;
pub use markdown::write as markdown;
pub use terminal::write as terminal;

use page::Page;
