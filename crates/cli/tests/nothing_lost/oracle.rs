//! What has to be there: everything that was acknowledged.

use crate::client::{Api, Site, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use ureq::http::Method;

/// A write, and what has to be seen of the resource when it was acknowledged.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) verb: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// The resource that it is about.
    pub(crate) of: String,
    /// What the resource shows afterwards; nothing when it is gone.
    pub(crate) after: Option<Value>,
}

/// What one client knows of its own resources, which nobody else writes.
pub(crate) struct Known(BTreeMap<String, Value>);

/// What the service makes and nobody may change.
const MADE_ONCE: [(&str, &str); 2] =
    [("/expressRouteCircuits/", "serviceKey"), ("/authorizations/", "authorizationKey")];

impl Known {
    pub(crate) fn new() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    /// Forgets a resource and what is below it: it went with another.
    pub(crate) fn gone(&mut self, path: &str) {
        let below = format!("{path}/");
        self.0.retain(|key, _| key != path && !key.starts_with(&below));
    }

    /// Places an order, and learns what came of it. Where nobody told, it looks: either all of it happened, or nothing.
    /// Gives whether it happened.
    pub(crate) fn place(&mut self, api: &Api<'_>, order: Order) -> bool {
        self.place_by(api, api, order)
    }

    /// The same, when one account writes and another looks.
    pub(crate) fn place_by(&mut self, by: &Api<'_>, api: &Api<'_>, order: Order) -> bool {
        let Order { verb, path, body, of, after } = order;
        let kind = format!("{verb} {}", path.rsplit('/').nth(1).unwrap_or_default());
        let before = self.0.get(&of).cloned();
        let happened = match by.write(&verb, &path, body.as_ref()) {
            Verdict::Done => {
                api.site.count(&format!("{kind}: done"));
                true
            }
            Verdict::Refused(code) => {
                api.site.count(&format!("{kind}: {code}"));
                false
            }
            Verdict::Unknown => {
                drop(api.site.undecided.read().unwrap());
                let seen = api.settled(&of);
                let is = |wanted: &Option<Value>| match (wanted, &seen) {
                    (None, None) => true,
                    (Some(wanted), Some(seen)) => shows(seen, wanted),
                    (None, Some(_)) | (Some(_), None) => false,
                };
                if !is(&after) && !is(&before) {
                    api.site.complain(format!("{verb} {path}: neither {before:?} nor {after:?}, but {seen:?}"));
                }
                api.site.count(&format!("{kind}: unknown, {}", if is(&after) { "happened" } else { "did not happen" }));
                is(&after)
            }
        };
        if happened {
            match after {
                None => self.gone(&of),
                Some(mut after) => {
                    keep_made_once(api, &of, &before, &mut after);
                    self.0.insert(of, after);
                }
            }
        }
        happened
    }

    /// Complains of whatever is not as acknowledged.
    pub(crate) fn judge(&self, api: &Api<'_>) -> usize {
        for (path, wanted) in &self.0 {
            match api.settled(path) {
                Some(seen) if shows(&seen, wanted) => {}
                seen => api.site.complain(format!("{path}: acknowledged {wanted}, seen {seen:?}")),
            }
        }
        self.0.len()
    }

    /// What must not be there, of resources that were once.
    pub(crate) fn judge_absent(&self, api: &Api<'_>, ever: &[String]) {
        for path in ever.iter().filter(|path| !self.has(path)) {
            if let Some(seen) = api.settled(path) {
                api.site.complain(format!("{path}: its absence was acknowledged, seen {seen}"));
            }
        }
    }
}

/// Remembers the keys that the service gave, at the first look.
fn keep_made_once(api: &Api<'_>, of: &str, before: &Option<Value>, after: &mut Value) {
    let found = MADE_ONCE
        .into_iter()
        .find(|(kind, _)| of.rsplit_once('/').is_some_and(|(above, _)| format!("{above}/").ends_with(kind)));
    let Some((_, key)) = found else { return };
    let had = before.as_ref().map(|before| before["properties"][key].clone());
    after["properties"][key] = match had {
        Some(had) => had,
        None => api.settled(of).map(|seen| seen["properties"][key].clone()).unwrap_or_default(),
    };
    if !after["properties"][key].is_string() {
        api.site.complain(format!("{of}: it has no {key}"));
    }
}

/// Whether all that is wanted is seen. Ids are the same in any case.
pub(crate) fn shows(seen: &Value, wanted: &Value) -> bool {
    match (seen, wanted) {
        (Value::Object(seen), Value::Object(wanted)) => wanted.iter().all(|(key, wanted)| match seen.get(key) {
            Some(seen) if key == "tags" => seen == wanted,
            Some(seen) => shows(seen, wanted),
            None => wanted.is_null(),
        }),
        (Value::Array(seen), Value::Array(wanted)) => {
            seen.len() == wanted.len() && seen.iter().zip(wanted).all(|(seen, wanted)| shows(seen, wanted))
        }
        (Value::String(seen), Value::String(wanted)) => seen.eq_ignore_ascii_case(wanted),
        (seen, wanted) => seen == wanted,
    }
}

/// Something that several clients write at once: attempts with the ticks between which they happened.
#[derive(Debug, Default)]
pub(crate) struct Contended(Mutex<BTreeMap<String, Vec<Attempt>>>);

#[derive(Debug, Clone)]
struct Attempt {
    began: u64,
    /// Nothing when nobody told that it happened.
    ended: Option<u64>,
    /// Who wrote it; nothing for a deletion.
    by: Option<String>,
}

impl Contended {
    /// Writes or deletes.
    pub(crate) fn place(&self, api: &Api<'_>, verb: &Method, path: &str, body: Option<&Value>, by: Option<&str>) {
        let began = api.site.now();
        let verdict = api.write(verb, path, body);
        let ended = api.site.now();
        let refused = matches!(verdict, Verdict::Refused(_));
        api.site.count(&format!("{verb} contended: {verdict:?}"));
        if !refused {
            let ended = (verdict == Verdict::Done).then_some(ended);
            let attempt = Attempt { began, ended, by: by.map(str::to_owned) };
            self.0.lock().unwrap().entry(path.to_owned()).or_default().push(attempt);
        }
    }

    /// What is there was written by somebody, and not before another's write that was acknowledged.
    pub(crate) fn judge(&self, api: &Api<'_>) -> usize {
        let all = self.0.lock().unwrap().clone();
        for (path, mut attempts) in all.clone() {
            attempts.push(Attempt { began: 0, ended: Some(0), by: None });
            let seen = api.settled(&path);
            let by = seen.as_ref().map(|seen| seen["tags"]["by"].clone());
            let last = |one: &&Attempt| {
                let later = |other: &Attempt| other.ended.is_some() && one.ended.is_some_and(|end| other.began > end);
                !attempts.iter().any(later)
            };
            let possible = attempts.iter().filter(last).any(|one| one.by.as_ref().map(|by| json!(by)) == by);
            if !possible {
                api.site.complain(format!("{path}: seen {by:?}, which no order of {attempts:?} ends with"));
            }
        }
        all.len()
    }
}

/// Complaints, for the end.
pub(crate) fn complaints(site: &Site) -> Vec<String> {
    site.complaints.lock().unwrap().clone()
}
