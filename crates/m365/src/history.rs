//! The endpoint service: what it answers to `/version`, `/endpoints` and `/changes` (spec 05, 6), from the snapshots
//! that are known.
//!
//! Changes are made from the snapshots themselves, set by set, with the impact that the service would name. What it
//! knows beyond them, as the description of a change or a day of effect other than the usual lead, is not made up.

use crate::{EndpointSet, Pattern, Ports, Snapshot, SnapshotError};
use catalog::Catalog;
use model::{Date, Prefix, Value as _};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The snapshots of every instance, by version.
#[derive(Debug, Clone, Default)]
pub struct History {
    instances: BTreeMap<String, BTreeMap<Version, Snapshot>>,
}

/// A version: ten digits, the day and a number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Version(String);

impl Version {
    /// Reads a version, `2025120100`.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| Self(text.to_owned()))
    }

    /// The day in it; `None` for one like `0000000000`, which stands for the beginning.
    pub fn date(&self) -> Option<Date> {
        let part = |from: usize, to: usize| self.0.get(from..to).unwrap_or_default();
        Date::parse(&format!("{}-{}-{}", part(0, 4), part(4, 6), part(6, 8))).ok()
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A snapshot of the catalogue that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {error}")]
pub struct HistoryError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub error: SnapshotError,
}

/// What a caller wants of `/endpoints`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only these areas; `Common` always comes along. Empty for all.
    pub areas: Vec<String>,
    /// The tenant's name, put into names that hold it.
    pub tenant: Option<String>,
    /// Without IPv6.
    pub no_ipv6: bool,
}

impl History {
    /// The history that the catalogue keeps.
    ///
    /// # Errors
    /// A file of a replaced catalogue is no snapshot.
    pub fn of(catalog: &Catalog) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        for row in catalog.m365_snapshots() {
            let bad = |error| HistoryError { file: row.file.clone(), error };
            let (snapshot, _) = Snapshot::parse(&row.text).map_err(bad)?;
            if let Some(version) = Version::parse(&row.version) {
                history.add(&row.instance, version, snapshot);
            }
        }
        Ok(history)
    }

    /// Adds a snapshot.
    pub fn add(&mut self, instance: &str, version: Version, snapshot: Snapshot) {
        self.instances.entry(instance.to_owned()).or_default().insert(version, snapshot);
    }

    /// The instances, by name.
    pub fn instances(&self) -> impl Iterator<Item = &str> {
        self.instances.keys().map(String::as_str)
    }

    /// The name of an instance as it is spelled here, without regard to case.
    pub fn instance(&self, name: &str) -> Option<&str> {
        self.instances().find(|own| own.eq_ignore_ascii_case(name))
    }

    /// The versions of an instance, the oldest first.
    pub fn versions(&self, instance: &str) -> impl DoubleEndedIterator<Item = (&Version, &Snapshot)> {
        self.instances.get(instance).into_iter().flatten()
    }

    /// The newest snapshot of an instance.
    pub fn latest(&self, instance: &str) -> Option<(&Version, &Snapshot)> {
        self.versions(instance).next_back()
    }

    /// The answer to `/version`: one object for one instance, else a list.
    pub fn version(&self, instance: Option<&str>, all: bool) -> serde_json::Value {
        let one = |name: &str| {
            let versions: Vec<&str> = self.versions(name).rev().map(|(version, _)| version.as_str()).collect();
            let mut object = serde_json::json!({ "instance": name, "latest": versions.first() });
            if let (true, Some(object)) = (all, object.as_object_mut()) {
                object.insert("versions".to_owned(), versions.into());
            }
            object
        };
        match instance {
            Some(name) => one(name),
            None => self.instances().map(one).collect(),
        }
    }

    /// The versions as a feed, which `/version` gives for `Format=RSS`.
    pub fn rss(&self, instance: &str, base: &str) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel>");
        let _ = write!(out, "<title>{instance} endpoints</title><link>{base}/version/{instance}</link>");
        let _ = write!(out, "<description>Versions of the endpoints of {instance}</description>");
        for (version, _) in self.versions(instance).rev() {
            let link = format!("{base}/changes/{instance}/{version}?singleVersion=true");
            let _ = write!(
                out,
                "<item><title>{version}</title><link>{link}</link><guid isPermaLink=\"false\">{version}</guid></item>"
            );
        }
        out.push_str("</channel></rss>\n");
        out
    }

    /// The changes after a version; those of that version alone with `single`.
    pub fn changes(&self, instance: &str, since: &Version, single: bool, lead: u32) -> Vec<Change> {
        let mut all = Vec::new();
        let empty = Snapshot::default();
        let mut before: Option<&Snapshot> = None;
        for (version, snapshot) in self.versions(instance) {
            // The first that is known is where the story begins, not a change.
            if let Some(before) = before {
                changes(before, snapshot, version, lead, &mut all);
            } else if since.as_str() == "0000000000" {
                changes(&empty, snapshot, version, lead, &mut all);
            }
            before = Some(snapshot);
        }
        for (index, change) in all.iter_mut().enumerate() {
            change.id = index as u64 + 1;
        }
        let wanted = |version: &str| if single { version == since.as_str() } else { version > since.as_str() };
        all.retain(|change| wanted(&change.version));
        all
    }
}

/// The sets of a snapshot that a caller wants.
pub fn endpoints(snapshot: &Snapshot, wanted: &Wanted) -> Vec<EndpointSet> {
    let snapshot = match wanted.no_ipv6 {
        true => snapshot.clone().without_ipv6(),
        false => snapshot.clone(),
    };
    let named = |set: &EndpointSet| {
        set.service_area.eq_ignore_ascii_case("Common")
            || wanted.areas.iter().any(|area| area.eq_ignore_ascii_case(&set.service_area))
    };
    let mut sets = snapshot.sets;
    sets.retain(|set| wanted.areas.is_empty() || named(set));
    if let Some(tenant) = &wanted.tenant {
        for set in &mut sets {
            set.urls = set.urls.iter().flat_map(|url| of_tenant(url, tenant)).collect();
        }
    }
    sets
}

/// Names that hold the name of the tenant, and what they become. The pages say that there are such names and not
/// which; these are the ones whose wildcard is a tenant in the documents on SharePoint and autodiscover.
const TENANTS: &[(&str, &[&str])] = &[
    ("*.sharepoint.com", &["*.sharepoint.com", "*-my.sharepoint.com"]),
    ("*.sharepoint.us", &["*.sharepoint.us", "*-my.sharepoint.us"]),
    ("*.sharepoint-mil.us", &["*.sharepoint-mil.us", "*-my.sharepoint-mil.us"]),
    ("*.dps.mil", &["*.dps.mil"]),
    ("*-files.sharepoint.com", &["*-files.sharepoint.com"]),
    ("*-myfiles.sharepoint.com", &["*-myfiles.sharepoint.com"]),
    ("autodiscover.*.onmicrosoft.com", &["autodiscover.*.onmicrosoft.com"]),
    ("autodiscover.*.onmicrosoft.us", &["autodiscover.*.onmicrosoft.us"]),
    ("autodiscover.*.mail.onmicrosoft.com", &["autodiscover.*.mail.onmicrosoft.com"]),
    ("autodiscover.*.mail.onmicrosoft.us", &["autodiscover.*.mail.onmicrosoft.us"]),
];

fn of_tenant(url: &Pattern, tenant: &str) -> Vec<Pattern> {
    match TENANTS.iter().find(|(name, _)| *name == url.as_str()) {
        Some((_, names)) => names.iter().filter_map(|name| Pattern::parse(&name.replace('*', tenant)).ok()).collect(),
        None => vec![url.clone()],
    }
}

/// The sets as a table, which `/endpoints` gives for `Format=CSV`.
pub fn csv(sets: &[EndpointSet]) -> String {
    let mut out = String::from(
        "id,serviceArea,serviceAreaDisplayName,urls,ips,tcpPorts,udpPorts,expressRoute,category,required,notes\r\n",
    );
    let cell = |text: &str| match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    for set in sets {
        let urls = set.urls.iter().map(Pattern::as_str).collect::<Vec<_>>().join(",");
        let ips = set.ips.iter().map(Prefix::to_string).collect::<Vec<_>>().join(",");
        let truth = |value: bool| if value { "True" } else { "False" };
        let cells = [
            &set.id.to_string(),
            &set.service_area,
            &set.service_area_display_name,
            &urls,
            &ips,
            &set.tcp_ports.to_string(),
            &set.udp_ports.to_string(),
            truth(set.express_route),
            &set.category.to_string(),
            truth(set.required),
            &set.notes,
        ];
        let _ = write!(out, "{}\r\n", cells.map(cell).join(","));
    }
    out
}

/// One change of one set, as `/changes` shapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its number.
    #[serde(default)]
    pub id: u64,
    /// The set.
    pub endpoint_set_id: u32,
    /// `Add`, `Change` or `Remove`.
    #[serde(default)]
    pub disposition: String,
    /// What it means to a network; absent before 2018-11-28.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
    /// The version that brings it.
    #[serde(default)]
    pub version: String,
    /// What stood there before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<serde_json::Value>,
    /// What stands there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<serde_json::Value>,
    /// What comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add: Option<Part>,
    /// What goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<Part>,
}

/// Names and addresses that come or go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// From when what comes is used, `20180731`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    /// Addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<String>,
    /// Names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

impl Change {
    /// The day from which what it adds is used.
    pub fn effective(&self) -> Option<Date> {
        let text = self.add.as_ref()?.effective_date.as_deref()?;
        match text.len() {
            8 => Version::parse(&format!("{text}00"))?.date(),
            _ => Date::parse(text).ok(),
        }
    }
}

/// The earliest day of effect of each set's additions, as far as changes name one.
pub fn effective(changes: &[Change]) -> BTreeMap<u32, Date> {
    let mut days: BTreeMap<u32, Date> = BTreeMap::new();
    for change in changes {
        if let Some(date) = change.effective() {
            let day = days.entry(change.endpoint_set_id).or_insert(date);
            *day = (*day).min(date);
        }
    }
    days
}

fn changes(old: &Snapshot, new: &Snapshot, version: &Version, lead: u32, out: &mut Vec<Change>) {
    let ids: BTreeSet<u32> = old.sets.iter().chain(&new.sets).map(|set| set.id).collect();
    let (elsewhere_old, elsewhere_new) = (Entries::of_all(old), Entries::of_all(new));
    let effective = version.date().map(|date| date.plus_days(lead).to_string().replace('-', ""));
    for id in ids {
        let (before, after) = (old.set(id), new.set(id));
        let (was, is) = (before.map(Entries::of).unwrap_or_default(), after.map(Entries::of).unwrap_or_default());
        let (added, removed) = (is.without(&was), was.without(&is));
        let disposition = match (before, after) {
            (None, _) => "Add",
            (_, None) => "Remove",
            (Some(_), Some(_)) => "Change",
        };
        let (previous, current) = attributes(before, after);
        let flag = matches!((before, after), (Some(a), Some(b)) if a.express_route != b.express_route);
        let impact = if flag {
            "ChangedIsExpressRoute"
        } else if !added.is_empty() && added.without(&elsewhere_old).is_empty() {
            "MovedIpOrUrl"
        } else {
            match (!added.ips.is_empty(), !added.urls.is_empty(), removed.is_empty()) {
                (true, true, _) => "AddedIpAndUrl",
                (true, false, _) => "AddedIp",
                (false, true, _) => "AddedUrl",
                (false, false, false) if removed.without(&elsewhere_new).is_empty() => "RemovedDuplicateIpOrUrl",
                (false, false, false) => "RemovedIpOrUrl",
                (false, false, true) => "OtherNonPriorityChanges",
            }
        };
        if added.is_empty() && removed.is_empty() && previous.is_none() && current.is_none() {
            continue;
        }
        out.push(Change {
            id: 0,
            endpoint_set_id: id,
            disposition: disposition.to_owned(),
            impact: Some(impact.to_owned()),
            version: version.as_str().to_owned(),
            previous,
            current,
            add: (!added.is_empty()).then(|| added.part(effective.clone())),
            remove: (!removed.is_empty()).then(|| removed.part(None)),
        });
    }
}

/// The attributes that differ, before and after; all of them for a set that comes or goes.
fn attributes(
    before: Option<&EndpointSet>,
    after: Option<&EndpointSet>,
) -> (Option<serde_json::Value>, Option<serde_json::Value>) {
    let of = |set: &EndpointSet| {
        let ports = |ports: &Ports| (!ports.is_empty()).then(|| ports.to_string());
        [
            ("expressRoute", Some(serde_json::json!(set.express_route))),
            ("serviceArea", Some(serde_json::json!(set.service_area))),
            ("category", Some(serde_json::json!(set.category))),
            ("required", Some(serde_json::json!(set.required))),
            ("tcpPorts", ports(&set.tcp_ports).map(Into::into)),
            ("udpPorts", ports(&set.udp_ports).map(Into::into)),
            ("notes", (!set.notes.is_empty()).then(|| set.notes.clone().into())),
        ]
    };
    let (was, is) = (before.map(of), after.map(of));
    let side = |own: &Option<[(&str, Option<serde_json::Value>); 7]>, other: &Option<_>| {
        let own = own.as_ref()?;
        let differ = |index: &usize| {
            let other: &Option<[(&str, Option<serde_json::Value>); 7]> = other;
            other.as_ref().is_none_or(|other| {
                other.get(*index).map(|(_, value)| value) != own.get(*index).map(|(_, value)| value)
            })
        };
        let values = (0..own.len()).filter(differ).filter_map(|index| own.get(index).cloned());
        let object: serde_json::Map<String, serde_json::Value> =
            values.filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        (!object.is_empty()).then_some(serde_json::Value::Object(object))
    };
    (side(&was, &is), side(&is, &was))
}

/// Names and addresses of a set.
#[derive(Debug, Default)]
struct Entries {
    ips: BTreeSet<Prefix>,
    urls: BTreeSet<Pattern>,
}

impl Entries {
    fn of(set: &EndpointSet) -> Self {
        Self { ips: set.ips.iter().copied().collect(), urls: set.urls.iter().cloned().collect() }
    }

    fn of_all(snapshot: &Snapshot) -> Self {
        let urls = snapshot.sets.iter().flat_map(|set| set.urls.iter().cloned()).collect();
        Self { ips: snapshot.prefixes().collect(), urls }
    }

    fn without(&self, other: &Self) -> Self {
        Self {
            ips: self.ips.difference(&other.ips).copied().collect(),
            urls: self.urls.difference(&other.urls).cloned().collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.ips.is_empty() && self.urls.is_empty()
    }

    fn part(&self, effective_date: Option<String>) -> Part {
        Part {
            effective_date,
            ips: self.ips.iter().map(Prefix::to_string).collect(),
            urls: self.urls.iter().map(Pattern::to_string).collect(),
        }
    }
}
