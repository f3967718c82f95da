//! `twinpath catalog`: looking things up.

use crate::args::{Catalog as Question, CatalogTable};
use crate::{Outcome, table};
use ::catalog::Catalog;
use serde_json::{Value as Json, json};
use std::io::Write;

/// Answers one question to the catalogue.
pub(crate) fn run(question: &Question, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let (file, as_json, answer) = match &question.table {
        CatalogTable::Locations { search, provider, geo, metro, direct, json } => {
            let provider = provider.as_deref().map(|name| provider_named(catalog, name)).transpose()?;
            let answer = catalog
                .locations()
                .iter()
                .filter(|l| holds(search, &[&l.name, &l.id, &l.geopolitical_region, &l.sites.join(" ")]))
                .filter(|l| provider.is_none_or(|provider| provider.is_at(&l.name)))
                .filter(|l| geo.as_ref().is_none_or(|geo| l.geopolitical_region.eq_ignore_ascii_case(geo)))
                .filter(|l| (!metro || l.metro) && (!direct || l.express_route_direct))
                .map(location);
            ("peering-locations.json", *json, Answer::new(LOCATION, answer))
        }
        CatalogTable::Providers { search, at, exchange, json } => {
            if let Some(location) = at {
                anyhow::ensure!(
                    catalog.location(location).is_some(),
                    "no peering location `{location}`; `twinpath catalog locations` lists them"
                );
            }
            let answer = catalog
                .providers()
                .iter()
                .filter(|p| holds(search, &[&p.name, &p.doc_names.join(" "), &p.service_provider_name.join(" ")]))
                .filter(|p| at.as_ref().is_none_or(|location| p.is_at(location)))
                .filter(|p| !exchange || p.exchange_provider)
                .map(provider);
            ("providers.json", *json, Answer::new(PROVIDER, answer))
        }
        CatalogTable::Communities { search, peering, gated, json } => {
            // A short name like `teams` stands for its community.
            let named = search.as_ref().and_then(|name| catalog.resolve(&model::CommunityRef::Name(name.clone())));
            let answer = catalog
                .communities()
                .iter()
                .filter(|c| {
                    named.is_some_and(|named| named == c.community)
                        || holds(
                            search,
                            &[&c.community.to_string(), &c.service, &c.region_name, &c.region_display_name],
                        )
                })
                .filter(|c| peering.as_ref().is_none_or(|peering| c.peering == *peering))
                .filter(|c| !gated || c.authorization_required)
                .map(community);
            ("bgp-communities.csv", *json, Answer::new(COMMUNITY, answer))
        }
        CatalogTable::Limits { search, json } => {
            let answer = catalog
                .limits()
                .iter()
                .filter(|l| holds(search, &[&l.category, &l.key, &l.sku]))
                .map(|l| [&l.category, &l.key, &l.sku, &l.value, &l.unit, &l.source].map(|text| json!(text)));
            ("circuit-limits.csv", *json, Answer::new(LIMIT, answer))
        }
        CatalogTable::Sources { json } => {
            let answer = catalog
                .provenance()
                .iter()
                .map(|p| [p.file.as_str(), &p.date.to_string(), &p.licence, &p.source].map(Json::from));
            ("sources.csv", *json, Answer::new(SOURCE, answer))
        }
    };
    let mut out = anstream::stdout();
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(&answer.objects())?)?;
    } else {
        table::write(&mut out, answer.heading, &answer.cells())?;
        let date = catalog.provenance_of(file).map(|provenance| format!(" · facts of {}", provenance.date));
        writeln!(out, "\n{} rows{}", answer.rows.len(), date.unwrap_or_default())?;
    }
    Ok(match answer.rows.is_empty() {
        true => Outcome::Findings,
        false => Outcome::Ready,
    })
}

const LOCATION: &[&str] = &["location", "cloud", "geo", "zone", "metro", "direct", "local regions", "providers"];
const PROVIDER: &[&str] = &["provider", "exchange", "locations", "metro", "api name"];
const COMMUNITY: &[&str] = &["community", "peering", "kind", "gated", "stands for", "notes"];
const LIMIT: &[&str] = &["category", "key", "sku", "value", "unit", "source"];
const SOURCE: &[&str] = &["file", "date", "licence", "source"];

/// Rows of an answer; each cell is a string, number, boolean or list.
struct Answer {
    heading: &'static [&'static str],
    rows: Vec<Vec<Json>>,
}

impl Answer {
    fn new<const N: usize>(heading: &'static [&'static str], rows: impl Iterator<Item = [Json; N]>) -> Self {
        Self { heading, rows: rows.map(Vec::from).collect() }
    }

    fn objects(&self) -> Vec<Json> {
        let object = |row: &Vec<Json>| {
            let keys = self.heading.iter().map(|key| key.replace(' ', "_"));
            Json::Object(keys.zip(row.iter().cloned()).collect())
        };
        self.rows.iter().map(object).collect()
    }

    /// The same for people: yes and no, the number of a long list.
    fn cells(&self) -> Vec<Vec<String>> {
        let cell = |value: &Json| match value {
            Json::String(text) => text.clone(),
            Json::Bool(true) => "yes".to_owned(),
            Json::Bool(false) | Json::Null => "–".to_owned(),
            Json::Array(items) if items.is_empty() => "–".to_owned(),
            Json::Array(items) if items.len() <= 3 => {
                items.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")
            }
            Json::Array(items) => items.len().to_string(),
            other => other.to_string(),
        };
        self.rows.iter().map(|row| row.iter().map(cell).collect()).collect()
    }
}

fn location(l: &::catalog::Location) -> [Json; 8] {
    [
        json!(l.name),
        json!(l.cloud),
        json!(l.geopolitical_region),
        json!(l.zone),
        json!(l.metro),
        json!(l.express_route_direct),
        json!(l.local_azure_regions),
        json!(l.providers),
    ]
}

fn provider(p: &::catalog::Provider) -> [Json; 5] {
    [
        json!(p.name),
        json!(p.exchange_provider),
        json!(p.locations.values().flatten().collect::<Vec<_>>()),
        json!(p.metro_locations),
        json!(p.service_provider_name),
    ]
}

fn community(c: &::catalog::CommunityFact) -> [Json; 6] {
    [
        json!(c.community.to_string()),
        json!(c.peering),
        json!(format!("{:?}", c.kind)),
        json!(c.authorization_required),
        json!(c.meaning()),
        json!(c.notes),
    ]
}

fn provider_named<'c>(catalog: &'c Catalog, name: &str) -> anyhow::Result<&'c ::catalog::Provider> {
    catalog.provider(name).ok_or_else(|| {
        let known = catalog.providers().iter().map(|provider| provider.name.as_str());
        match design::nearest(name, known) {
            Some(meant) => anyhow::anyhow!("no provider `{name}`; did you mean `{meant}`?"),
            None => anyhow::anyhow!("no provider `{name}`; `twinpath catalog providers` lists them"),
        }
    })
}

fn holds(search: &Option<String>, texts: &[&str]) -> bool {
    let Some(search) = search else { return true };
    let search = search.to_lowercase();
    texts.iter().any(|text| text.to_lowercase().contains(&search))
}
