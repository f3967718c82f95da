//! API versions.

use crate::ArmError;
use std::fmt;

/// An api-version: a date and maybe a suffix. One model serves all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiVersion(String);

impl ApiVersion {
    /// Takes what a request says.
    ///
    /// # Errors
    ///
    /// 400 when it is missing, no date, or before 2015 (spec 07, 2 and 3).
    pub fn parse(given: Option<&str>) -> Result<Self, ArmError> {
        let text = given.filter(|text| !text.is_empty()).ok_or_else(|| {
            ArmError::bad_request(
                "MissingApiVersionParameter",
                "the query parameter api-version is missing; wanted ?api-version=YYYY-MM-DD",
            )
        })?;
        let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let date = [0, 1, 2, 3, 5, 6, 8, 9].into_iter().all(digit)
            && text.as_bytes().get(4) == Some(&b'-')
            && text.as_bytes().get(7) == Some(&b'-');
        let suffix = text.get(10..).unwrap_or("?");
        let known = date && text >= "2015" && (suffix.is_empty() || suffix.starts_with('-')) && text.len() <= 32;
        known.then(|| Self(text.to_owned())).ok_or_else(|| {
            let seen: String = text.chars().take(40).collect();
            ArmError::bad_request(
                "InvalidApiVersionParameter",
                format!("api-version is `{seen}`, wanted a date like 2024-01-01"),
            )
        })
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
