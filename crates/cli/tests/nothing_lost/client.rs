//! A client that outlives the service: it knows what was acknowledged, what was refused, and what nobody told it.

use crate::random::Random;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;
use ureq::http::{Method, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// What all clients share.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Where replicas are.
    pub(crate) addresses: Vec<String>,
    pub(crate) tenant: String,
    /// The database may be away, so that 503 is an answer.
    pub(crate) may_be_away: bool,
    /// Held while what a replica was about when it was killed may still happen.
    pub(crate) undecided: RwLock<()>,
    /// What must not have happened.
    pub(crate) complaints: Mutex<Vec<String>>,
    /// What came of writes, by kind and answer.
    pub(crate) outcomes: Mutex<BTreeMap<String, u32>>,
    /// A clock that counts.
    pub(crate) clock: AtomicU64,
}

impl Site {
    pub(crate) fn complain(&self, text: String) {
        self.complaints.lock().unwrap().push(text);
    }

    pub(crate) fn count(&self, outcome: &str) {
        *self.outcomes.lock().unwrap().entry(outcome.to_owned()).or_default() += 1;
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }
}

/// Who calls.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// One caller's way to the service.
pub(crate) struct Api<'s> {
    pub(crate) site: &'s Site,
    agent: ureq::Agent,
    account: Account,
    token: RefCell<Option<String>>,
    random: RefCell<Random>,
}

/// What came of a request.
enum Answer {
    /// The status, the body, and where an operation is asked about.
    Got(u16, Value, Option<String>),
    /// Nobody knows.
    Lost,
}

/// What came of a write and of the operation that it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Acknowledged to the end.
    Done,
    /// Refused, with a code.
    Refused(String),
    /// It may have happened.
    Unknown,
}

/// How often is asked before it counts as silence: with the pauses between, some minutes.
const ATTEMPTS: u32 = 2000;

/// The pause before the n-th attempt.
fn rest(attempt: u32) {
    std::thread::sleep(Duration::from_millis(u64::from(attempt.min(20)) * 5));
}

impl<'s> Api<'s> {
    pub(crate) fn new(site: &'s Site, ca: &Path, account: Account, random: Random) -> Self {
        let certificate = Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(60)))
            .tls_config(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[certificate])).build());
        let agent = config.build().new_agent();
        Self { site, agent, account, token: RefCell::default(), random: RefCell::new(random) }
    }

    fn address(&self) -> &'s str {
        let addresses = &self.site.addresses;
        let which = self.random.borrow_mut().below(addresses.len() as u64);
        &addresses[which as usize]
    }

    /// The token; asked for until somebody gives one.
    fn token(&self) -> String {
        if let Some(token) = &*self.token.borrow() {
            return token.clone();
        }
        for attempt in 0..ATTEMPTS {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", &self.account.id),
                ("client_secret", &self.account.secret),
                ("scope", &format!("{}/.default", self.site.addresses[0])),
            ];
            let address = format!("{}/{}/oauth2/v2.0/token", self.address(), self.site.tenant);
            let body = self.agent.post(&address).send_form(form).ok().and_then(|mut answer| {
                let text = answer.body_mut().read_to_string().ok()?;
                serde_json::from_str::<Value>(&text).ok()
            });
            if let Some(token) = body.as_ref().and_then(|body| body["access_token"].as_str()) {
                *self.token.borrow_mut() = Some(token.to_owned());
                return token.to_owned();
            }
            if let Some(refused) = body.filter(|_| !self.site.may_be_away) {
                self.site.complain(format!("no token for {}: {refused}", self.account.id));
            }
            rest(attempt);
        }
        panic!("no token for {}", self.account.id);
    }

    fn send(&self, verb: &Method, path: &str, body: Option<&Value>) -> Answer {
        let version = match (path.starts_with("/operator/") || path.contains("api-version="), path.contains('?')) {
            (true, _) => "",
            (false, true) => "&api-version=2024-01-01",
            (false, false) => "?api-version=2024-01-01",
        };
        let request = Request::builder()
            .method(verb)
            .uri(format!("{}{path}{version}", self.address()))
            .header("authorization", format!("Bearer {}", self.token()))
            .header("content-type", "application/json");
        let answer = match body {
            Some(body) => self.agent.run(request.body(body.to_string()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let Ok(mut answer) = answer else { return Answer::Lost };
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let operation = header("azure-asyncoperation").or_else(|| header("location"));
        let operation = operation.and_then(|url| Some(format!("/{}", url.splitn(4, '/').nth(3)?)));
        let status = answer.status().as_u16();
        let Ok(text) = answer.body_mut().with_config().limit(64 << 20).read_to_string() else { return Answer::Lost };
        if status >= 500 {
            if !(status == 503 && self.site.may_be_away) {
                self.site.complain(format!("{verb} {path}: {status} {text}"));
            }
            return Answer::Lost;
        }
        if status == 401 {
            self.site.complain(format!("{verb} {path}: {status} {text}"));
            *self.token.borrow_mut() = None;
        }
        Answer::Got(status, serde_json::from_str(&text).unwrap_or_default(), operation)
    }

    /// Reads; asks until there is an answer.
    pub(crate) fn read(&self, path: &str) -> (u16, Value) {
        for attempt in 0..ATTEMPTS {
            if let Answer::Got(status, body, _) = self.send(&Method::GET, path, None) {
                return (status, body);
            }
            rest(attempt);
        }
        panic!("{path}: no answer");
    }

    /// A resource when nothing goes on at it any more; nothing when it is not there.
    pub(crate) fn settled(&self, path: &str) -> Option<Value> {
        for attempt in 0..ATTEMPTS {
            let (status, body) = self.read(path);
            let state = body["properties"]["provisioningState"].as_str().unwrap_or_default();
            match status {
                404 => return None,
                200 if !["Updating", "Deleting", "Creating"].contains(&state) => return Some(body),
                200 => rest(attempt),
                _ => panic!("{path}: {status} {body}"),
            }
        }
        panic!("{path}: something goes on for ever");
    }

    /// Writes, and waits for the operation that it began.
    pub(crate) fn write(&self, verb: &Method, path: &str, body: Option<&Value>) -> Verdict {
        let operation = match self.send(verb, path, body) {
            Answer::Lost => return Verdict::Unknown,
            Answer::Got(status, body, _) if status >= 400 => return Verdict::Refused(code(&body)),
            Answer::Got(_, _, None) => return Verdict::Done,
            Answer::Got(_, _, Some(operation)) => operation,
        };
        for attempt in 0..ATTEMPTS {
            rest(attempt);
            match self.send(&Method::GET, &operation, None) {
                Answer::Lost => {}
                Answer::Got(404, body, _) => {
                    self.site.complain(format!("{verb} {path}: its operation is forgotten: {operation} {body}"));
                    return Verdict::Unknown;
                }
                Answer::Got(202, ..) => {}
                Answer::Got(_, body, _) => match body["status"].as_str() {
                    Some("InProgress") => {}
                    Some("Failed" | "Canceled") => return Verdict::Refused(code(&body)),
                    _ => return Verdict::Done,
                },
            }
        }
        self.site.complain(format!("{verb} {path}: its operation does not end: {operation}"));
        Verdict::Unknown
    }

    /// Writes until it is acknowledged, and gives the answer: what is needed before anything is killed.
    pub(crate) fn make(&self, verb: &Method, path: &str, body: &Value) -> Value {
        for attempt in 0..ATTEMPTS {
            match self.send(verb, path, Some(body)) {
                Answer::Lost => rest(attempt),
                Answer::Got(status, body, _) if status < 300 => return body,
                Answer::Got(status, body, _) => panic!("{verb} {path}: {status} {body}"),
            }
        }
        panic!("{path}: no answer");
    }
}

fn code(body: &Value) -> String {
    body["error"]["code"].as_str().unwrap_or("no code").to_owned()
}
