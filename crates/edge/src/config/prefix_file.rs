//! Files with a prefix a line.

use super::Problem;
use super::setting::{Door, Setting};
use super::tree::PrefixFile;
use model::{Prefix, Value};
use std::path::Path;
use toml::Spanned;
use toml::de::DeValue;

impl Setting for PrefixFile {
    fn expected() -> String {
        "the path of a file with a prefix a line".to_owned()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        let Some(path) = value.get_ref().as_str() else { return door.mismatch::<Self, _>(value) };
        let text = match door.file(Path::new(path)) {
            Ok(text) => text,
            Err(error) => {
                door.refuse(Problem::new(value.span(), format!("{path}: {error}"), Self::expected()));
                return None;
            }
        };
        let mut prefixes = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            match Prefix::parse(line) {
                Ok(prefix) => prefixes.push(prefix),
                Err(error) => {
                    let seen = format!("{path}, line {}: {}", index + 1, error.reason);
                    door.refuse(Problem::new(value.span(), seen, Prefix::EXPECTED).suggest(error.suggestion));
                    return None;
                }
            }
        }
        Some(Self { path: path.to_owned(), prefixes })
    }
}
