//! Codes that people type: the device authorization grant (RFC 8628).
//!
//! Nothing is kept while a person thinks. The device code is a signed token that holds the user code; when the person
//! agrees, a row under that user code says who, and the next poll takes it.

use super::secret::random;

/// What a person types: eight letters, as `BCDF-GHJK`. The last two follow from the others, so that most slips of the
/// finger are noticed at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

/// Letters that do not make words and are not taken for digits (RFC 8628, 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

impl UserCode {
    /// A new one, at random.
    pub fn new() -> Self {
        // 256 is no multiple of 20; the bias does not matter for a code of a quarter of an hour.
        let picks = random::<6>().map(usize::from);
        Self::with_check(picks.map(|pick| pick % LETTERS.len()))
    }

    /// What a person typed, in any case, with or without the hyphen; nothing when it cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters: Vec<usize> = typed
            .trim()
            .bytes()
            .filter(|byte| !matches!(byte, b'-' | b' '))
            .take(9)
            .map(|byte| LETTERS.iter().position(|letter| *letter == byte.to_ascii_uppercase()))
            .collect::<Option<_>>()?;
        let [a, b, c, d, e, f, _, _] = *letters else { return None };
        let code = Self::with_check([a, b, c, d, e, f]);
        let given: String = letters.iter().filter_map(|letter| LETTERS.get(*letter)).copied().map(char::from).collect();
        (code.0.replace('-', "") == given).then_some(code)
    }

    fn with_check(picks: [usize; 6]) -> Self {
        let check = picks.iter().enumerate().map(|(place, pick)| (place + 1) * pick).sum::<usize>();
        let other = picks.iter().fold(7, |sum, pick| sum * 3 + pick);
        let mut text = String::new();
        for pick in picks.into_iter().chain([check, other]) {
            text.extend(LETTERS.get(pick % LETTERS.len()).copied().map(char::from));
            if text.len() == 4 {
                text.push('-');
            }
        }
        Self(text)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the row that says who agreed.
    pub(super) fn key(&self) -> String {
        format!("/twinpath/device-codes/{}", self.0.to_lowercase())
    }
}

impl Default for UserCode {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it_and_slips_are_noticed() {
        let code = UserCode::new();
        let typed = code.as_str().to_lowercase().replace('-', " ");
        assert_eq!(UserCode::parse(&typed), Some(code.clone()));
        let mut slip = code.as_str().to_owned();
        slip.replace_range(0..1, if slip.starts_with('B') { "C" } else { "B" });
        assert_eq!(UserCode::parse(&slip), None);
        assert_eq!(UserCode::parse("short"), None);
        assert_eq!(UserCode::parse(""), None);
        assert_eq!(UserCode::parse(&format!("{}BB", code.as_str())), None);
    }
}
