//! Names with wildcards.
//!
//! A `*` stands for any characters, dots too, as in the `shExpMatch` of a PAC file; it may stand anywhere
//! (`*-files.sharepoint.com`, `autodiscover.*.onmicrosoft.com`). Of several patterns that fit a name the most specific
//! one speaks for it: the one with the most characters that are no wildcard. A pattern within another always has more.

use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// A name of an endpoint, in lower case, perhaps with wildcards.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Pattern(String);

/// A text that is no name of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no name; wanted one like `outlook.office365.com` or `*.sharepoint.com`")]
pub struct PatternError(String);

impl Pattern {
    /// Reads a name: letters, digits, `-`, `_`, `.` and `*`.
    ///
    /// # Errors
    /// The text is empty or holds another character, as a URL with a path does.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
        match !text.is_empty() && text.len() <= 255 && text.chars().all(plain) {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err(PatternError(text.chars().take(80).collect())),
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one host only.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// The part after `*` when that is `.` and a plain name: `.sharepoint.com`.
    pub fn suffix(&self) -> Option<&str> {
        self.0.strip_prefix('*').filter(|rest| rest.starts_with('.') && !rest.contains('*'))
    }

    /// How specific it is: characters that are no wildcard, exact names above all.
    pub fn weight(&self) -> (bool, usize) {
        (self.is_exact(), self.0.bytes().filter(|byte| *byte != b'*').count())
    }

    /// Whether a host in lower case fits.
    pub fn matches(&self, host: &str) -> bool {
        let (pattern, host) = (self.0.as_bytes(), host.as_bytes());
        // The usual walk with one place to go back to.
        let (mut p, mut h, mut back) = (0, 0, None);
        while h < host.len() {
            if p < pattern.len() && pattern[p] == b'*' {
                back = Some((p, h));
                p += 1;
            } else if p < pattern.len() && pattern[p] == host[h] {
                p += 1;
                h += 1;
            } else if let Some((star, at)) = back {
                back = Some((star, at + 1));
                p = star + 1;
                h = at + 1;
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }

    /// Whether some host fits both.
    pub fn meets(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        // `row[j]`: the first `i` of one and the first `j` of the other have a host in common.
        let mut row: Vec<bool> = vec![false; b.len() + 1];
        row[0] = true;
        for j in 0..b.len() {
            row[j + 1] = row[j] && b[j] == b'*';
        }
        for &left in a {
            let mut next = vec![false; b.len() + 1];
            next[0] = row[0] && left == b'*';
            for (j, &right) in b.iter().enumerate() {
                next[j + 1] = match (left, right) {
                    (b'*', _) => row[j + 1] || next[j],
                    (_, b'*') => next[j] || row[j + 1],
                    (left, right) => row[j] && left == right,
                };
            }
            row = next;
        }
        row[b.len()]
    }

    /// A host that fits, each wildcard replaced by the text given.
    pub fn sample(&self, wildcard: &str) -> String {
        self.0.replace('*', wildcard)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A host name as it is compared: in lower case, without the dot of the root.
pub fn host(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    lower.strip_suffix('.').unwrap_or(&lower).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters_and_for_none() {
        for (text, fits, not) in [
            ("*.sharepoint.com", "a.b.sharepoint.com", "sharepoint.com"),
            ("*-files.sharepoint.com", "contoso-files.sharepoint.com", "files.sharepoint.com"),
            ("autodiscover.*.onmicrosoft.com", "autodiscover.a.mail.onmicrosoft.com", "autodiscover.onmicrosoft.com"),
            ("*cdn.onenote.net", "cdn.onenote.net", "cdn.onenote.net.evil"),
        ] {
            assert!(pattern(text).matches(fits), "{text} {fits}");
            assert!(!pattern(text).matches(not), "{text} {not}");
        }
    }

    #[test]
    fn patterns_meet_where_a_host_fits_both() {
        assert!(pattern("*.office.com").meets(&pattern("outlook.*")));
        assert!(!pattern("*.office.com").meets(&pattern("*.office.net")));
        assert!(pattern("*-my.sharepoint.com").meets(&pattern("contoso*.com")));
        assert!(!pattern("*.office.com").meets(&pattern("office.com")));
    }

    #[test]
    fn urls_with_paths_are_no_names() {
        assert!(Pattern::parse("https://office.com/").is_err());
        assert!(Pattern::parse("").is_err());
    }

    proptest! {
        #[test]
        fn a_host_that_fits_both_means_that_they_meet(a in "[ab.*]{0,6}", b in "[ab.*]{0,6}", host in "[ab.]{0,6}") {
            let (Ok(a), Ok(b)) = (Pattern::parse(&a), Pattern::parse(&b)) else { return Ok(()) };
            if a.matches(&host) && b.matches(&host) {
                prop_assert!(a.meets(&b));
            }
            prop_assert_eq!(a.meets(&b), b.meets(&a));
            prop_assert!(a.matches(&a.sample("x")));
        }
    }
}
