//! What clients call: inventories of the swagger, the Azure SDK and `az`, and a journey of `az` as recorded.

use super::file;
use serde_json::Value;
use std::collections::BTreeMap;

/// A verb and a path that a client calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Called {
    /// The verb in capitals.
    pub verb: String,
    /// The path, in the spelling of whoever calls it, with names in braces.
    pub path: String,
}

impl Called {
    /// The verb, and the path in lower case with `{}` for every name: equal where it is the same operation.
    pub fn shape(&self) -> String {
        let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_lowercase() };
        format!("{} {}", self.verb, self.path.split('/').map(part).collect::<Vec<_>>().join("/"))
    }
}

/// Everything that the swagger has, the Azure SDK calls or `az` calls, each with who does: operations and commands.
pub fn called() -> BTreeMap<Called, Vec<String>> {
    let mut called: BTreeMap<Called, Vec<String>> = BTreeMap::new();
    let inventories = [
        ("swagger-2024-01-01-operations.tsv", "swagger", 0, 1, 2),
        ("sdk-33.1.0-operations.tsv", "sdk", 1, 2, 0),
        ("cli-2.91.0-calls.tsv", "az", 1, 2, 0),
    ];
    for (name, client, verb, path, who) in inventories {
        for line in file(name).lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let call = Called { verb: columns[verb].to_owned(), path: columns[path].to_owned() };
            called.entry(call).or_default().push(format!("{client} {}", columns[who]));
        }
    }
    called
}

/// An option of a command of `az`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opt {
    /// Every way to write it.
    pub names: Vec<String>,
    /// The command does nothing without it.
    pub needed: bool,
}

/// The options of the commands of `az` that a plan orders with, by command.
pub fn options() -> BTreeMap<String, Vec<Opt>> {
    let mut options: BTreeMap<String, Vec<Opt>> = BTreeMap::new();
    for line in file("cli-2.91.0-options.tsv").lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let names = columns[1].split('|').map(str::to_owned).collect();
        options.entry(columns[0].to_owned()).or_default().push(Opt { names, needed: columns[2] == "yes" });
    }
    options
}

/// A request of `az` and what it was answered.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The command, where it is known.
    pub command: String,
    /// The verb in capitals.
    pub verb: String,
    /// Path and query.
    pub url: String,
    /// The body that was sent; `Null` when there was none, a string when it was no JSON.
    pub sent: Value,
    /// `If-Match`, when it was sent.
    pub if_match: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer; `Null` when there was none.
    pub answer: Value,
}

/// A whole journey of `az`, recorded against a stand-in: the requests are real, the answers are ones that `az` takes.
pub fn journey() -> Vec<Exchange> {
    let lines = file("az-2.91.0-journey.jsonl");
    let exchange = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}"));
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let body = |name: &str| match &line[name] {
            Value::String(text) if text.is_empty() => Value::Null,
            Value::String(text) => serde_json::from_str(text).unwrap_or(Value::String(text.clone())),
            other => other.clone(),
        };
        let status = line["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
        let (sent, answer) = (body("request_body"), body("response_body"));
        let if_match = line["if_match"].as_str().map(str::to_owned);
        Exchange { command: text("command"), verb: text("method"), url: text("url"), sent, if_match, status, answer }
    };
    lines.lines().map(exchange).collect()
}
