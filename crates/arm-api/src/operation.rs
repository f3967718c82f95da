//! Answers that make clients poll, and answers to polls (spec 07, 6).
