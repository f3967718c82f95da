//! The endpoint service as requests and answers (spec 05, 6): what stands behind `/version`, `/endpoints` and `/changes`.

use crate::history::{self, History, Version, Wanted};
use std::collections::BTreeMap;

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub kind: &'static str,
    /// The body.
    pub body: String,
}

/// The answer to a GET; nothing for a path that is not the endpoint service's. Names of paths and parameters count
/// without regard to case. `lead` is how many days additions are told ahead, `base` the address of the service.
pub fn answer(
    history: &History,
    path: &[String],
    query: &BTreeMap<String, String>,
    base: &str,
    lead: u32,
) -> Option<Reply> {
    let words: Vec<String> = path.iter().map(|word| word.to_ascii_lowercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = Asked { history, query, base, lead };
    let answered = match words[..] {
        ["version"] => asked.version(None),
        ["version", instance] => asked.version(Some(instance)),
        ["endpoints", instance] => asked.endpoints(instance),
        ["changes", instance, version] => asked.changes(instance, version),
        _ => return None,
    };
    Some(answered.unwrap_or_else(|refusal| refusal))
}

struct Asked<'a> {
    history: &'a History,
    query: &'a BTreeMap<String, String>,
    base: &'a str,
    lead: u32,
}

type Answered = Result<Reply, Reply>;

impl Asked<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    fn truth(&self, name: &str) -> Result<bool, Reply> {
        match self.parameter(name) {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(bad(&format!("{name} is `{}`; wanted true or false", cut(text)))),
        }
    }

    fn format<'w>(&self, known: &[&'w str]) -> Result<&'w str, Reply> {
        let text = self.parameter("format").unwrap_or("JSON");
        let found = known.iter().find(|word| word.eq_ignore_ascii_case(text)).copied();
        found.ok_or_else(|| bad(&format!("Format is `{}`; wanted {}", cut(text), known.join(" or "))))
    }

    /// Every question names its asker by a GUID.
    fn client(&self) -> Result<(), Reply> {
        let id = self.parameter("clientrequestid").unwrap_or_default();
        let hex = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts: Vec<&str> = id.split('-').collect();
        let well = parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length));
        match well {
            true => Ok(()),
            false => Err(bad("ClientRequestId is missing or no GUID; wanted one like \
                              b10c5ed1-bad1-445f-b386-b919946339a7")),
        }
    }

    fn instance(&self, name: &str) -> Result<&str, Reply> {
        self.history.instance(name).ok_or_else(|| {
            let known: Vec<&str> = self.history.instances().collect();
            refusal(404, &format!("no instance `{}`; wanted {}", cut(name), known.join(", ")))
        })
    }

    fn version(&self, instance: Option<&str>) -> Answered {
        self.client()?;
        let instance = match instance.or_else(|| self.parameter("instance")) {
            Some(name) => Some(self.instance(name)?),
            None => None,
        };
        let all = self.truth("AllVersions")?;
        match (self.format(&["JSON", "CSV", "RSS"])?, instance) {
            ("RSS", Some(instance)) if all => Ok(Reply {
                status: 200,
                kind: "application/rss+xml; charset=utf-8",
                body: self.history.rss(instance, self.base),
            }),
            ("RSS", _) => Err(bad("Format=RSS wants an instance and AllVersions=true")),
            ("CSV", _) => {
                let mut body = String::from("instance,latest\r\n");
                for name in self.history.instances().filter(|name| instance.is_none_or(|wanted| wanted == *name)) {
                    if let Some((version, _)) = self.history.latest(name) {
                        body.push_str(&format!("{name},{version}\r\n"));
                    }
                }
                Ok(csv(body))
            }
            (_, instance) => Ok(json(&self.history.version(instance, all))),
        }
    }

    fn endpoints(&self, instance: &str) -> Answered {
        self.client()?;
        let instance = self.instance(instance)?;
        const AREAS: [&str; 4] = ["Common", "Exchange", "SharePoint", "Skype"];
        let mut areas = Vec::new();
        for area in self.parameter("serviceareas").unwrap_or_default().split(',').filter(|area| !area.is_empty()) {
            match AREAS.iter().any(|known| known.eq_ignore_ascii_case(area)) {
                true => areas.push(area.to_owned()),
                false => return Err(bad(&format!("ServiceAreas has `{}`; wanted {}", cut(area), AREAS.join(", ")))),
            }
        }
        let tenant = self.parameter("tenantname").map(str::to_owned);
        let plain = |name: &String| {
            (1..=63).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if let Some(tenant) = tenant.as_ref().filter(|name| !plain(name)) {
            return Err(bad(&format!("TenantName is `{}`; wanted letters, digits and hyphens", cut(tenant))));
        }
        let wanted = Wanted { areas, tenant, no_ipv6: self.truth("NoIPv6")? };
        let format = self.format(&["JSON", "CSV"])?;
        let Some((_, snapshot)) = self.history.latest(instance) else { return Err(refusal(404, "no endpoints")) };
        let sets = history::endpoints(snapshot, &wanted);
        Ok(match format {
            "CSV" => csv(history::csv(&sets)),
            _ => json(&serde_json::to_value(&sets).unwrap_or_default()),
        })
    }

    fn changes(&self, instance: &str, version: &str) -> Answered {
        self.client()?;
        let instance = self.instance(instance)?;
        let version = Version::parse(version).ok_or_else(|| {
            bad(&format!("the version is `{}`; wanted ten digits like 2025120100, or 0000000000 for all", cut(version)))
        })?;
        let changes = self.history.changes(instance, &version, self.truth("SingleVersion")?, self.lead);
        match self.format(&["JSON", "CSV"])? {
            "CSV" => {
                let mut body = String::from("id,endpointSetId,disposition,impact,version\r\n");
                for change in &changes {
                    let impact = change.impact.as_deref().unwrap_or_default();
                    let (id, set) = (change.id, change.endpoint_set_id);
                    body.push_str(&format!("{id},{set},{},{impact},{}\r\n", change.disposition, change.version));
                }
                Ok(csv(body))
            }
            _ => Ok(json(&serde_json::to_value(&changes).unwrap_or_default())),
        }
    }
}

fn json(value: &serde_json::Value) -> Reply {
    Reply { status: 200, kind: "application/json; charset=utf-8", body: value.to_string() }
}

fn csv(body: String) -> Reply {
    Reply { status: 200, kind: "text/csv; charset=utf-8", body }
}

fn bad(text: &str) -> Reply {
    refusal(400, text)
}

fn refusal(status: u16, text: &str) -> Reply {
    let body = serde_json::json!({ "error": { "code": if status == 404 { "NotFound" } else { "BadRequest" }, "message": text } });
    Reply { status, kind: "application/json; charset=utf-8", body: body.to_string() }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::Catalog;

    const ID: &str = "clientrequestid=b10c5ed1-bad1-445f-b386-b919946339a7";

    fn ask(path: &str, query: &str) -> Reply {
        let history = History::of(Catalog::builtin()).unwrap();
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        answer(&history, &path, &query, "https://localhost", 30).unwrap()
    }

    fn value(path: &str, query: &str) -> serde_json::Value {
        let reply = ask(path, query);
        assert_eq!(reply.status, 200, "{}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    #[test]
    fn versions_have_the_three_shapes_of_the_page() {
        assert_eq!(value("version", ID).as_array().unwrap().len(), 4);
        assert_eq!(value("version/worldwide", ID)["latest"], "2026082300");
        let all = value("version", &format!("{ID}&Instance=Worldwide&allversions=true"));
        assert_eq!(all["versions"], serde_json::json!(["2026082300", "2025120100", "2020122300"]));
        assert!(ask("version/Worldwide", &format!("{ID}&Format=RSS&AllVersions=true")).body.contains("<rss"));
    }

    #[test]
    fn endpoints_are_as_the_service_gives_them() {
        let sets = value("endpoints/Worldwide", &format!("{ID}&ServiceAreas=Exchange&NoIPv6=true"));
        let first = &sets[0];
        assert_eq!((&first["id"], &first["tcpPorts"]), (&1.into(), &"80,443".into()));
        assert!(sets.as_array().unwrap().iter().all(|set| set["serviceArea"] != "Skype"));
        assert!(ask("endpoints/China", &format!("{ID}&Format=CSV")).body.starts_with("id,serviceArea,"));
        assert_eq!(value("changes/Worldwide/2020122300", ID)[0]["version"], "2025120100");
    }

    #[test]
    fn bad_questions_are_told_what_is_wanted() {
        for (path, query, status) in [
            ("version", "", 400),
            ("version", "clientrequestid=1", 400),
            ("endpoints/Mars", ID, 404),
            ("changes/Worldwide/1", ID, 400),
            ("endpoints/Worldwide", &format!("{ID}&ServiceAreas=Mail"), 400),
            ("endpoints/Worldwide", &format!("{ID}&TenantName=a.b"), 400),
            ("endpoints/Worldwide", &format!("{ID}&NoIPv6=maybe"), 400),
            ("endpoints/Worldwide", &format!("{ID}&Format=XML"), 400),
        ] {
            assert_eq!(ask(path, query).status, status, "{path} {query}");
        }
    }
}
