//! Lists and their next pages.
