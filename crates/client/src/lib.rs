//! A client of a service that runs: finds it, signs in, asks, follows pages and waits for operations.

use anyhow::{Context, anyhow, bail, ensure};
use serde_json::Value;
use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ureq::http::{Method, Request};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The folder of a service that was started without `--data`.
pub const DATA: &str = "twinpath-data";

/// What requests to ARM ask for.
const VERSION: &str = "2024-01-01";

/// No answer is larger: a page of circuits has some megabytes at most.
const LARGEST: u64 = 64 << 20;

/// How long an operation is waited for, unless the command says otherwise: gateways take most of an hour.
const LONGEST: Duration = Duration::from_secs(3600);

/// When an operation is asked about first.
const FIRST: Duration = Duration::from_millis(100);

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a service is; what is left out, variables or the folder say.
#[derive(Debug, Clone, Default)]
pub struct At {
    /// Its folder [`$TWINPATH_DATA`, else `twinpath-data`].
    pub data: Option<PathBuf>,
    /// Its address [`$TWINPATH_URL`, else what the folder says].
    pub url: Option<String>,
}

/// Whose credentials of the folder are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Microsoft's place.
    Operator,
    /// The owner of the subscription.
    Customer,
}

/// A service, signed in to.
pub struct Client {
    agent: ureq::Agent,
    /// The address without a slash at the end.
    pub base: String,
    /// The tenant that is signed in to.
    pub tenant: String,
    /// The customer's subscription, when the credentials name one.
    pub subscription: Option<String>,
    account: Account,
    token: RefCell<Option<String>>,
    /// How long an operation is waited for.
    pub longest: Duration,
    /// Says nothing while it waits, also on a terminal.
    pub quiet: bool,
}

/// What one signs in with. Has no `Debug`, as it holds a secret.
struct Account {
    id: String,
    secret: String,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body; `Null` when there is none.
    pub body: Value,
    /// Where to ask about the operation that goes on.
    operation: Option<String>,
    /// After how many seconds.
    retry_after: Option<u64>,
}

/// The service refused.
#[derive(Debug, thiserror::Error)]
#[error("({code}) {message}")]
pub struct Refused {
    /// The status.
    pub status: u16,
    /// The code of the error.
    pub code: String,
    /// What is wrong.
    pub message: String,
}

impl Client {
    /// Finds the service and its credentials; asks nothing yet.
    ///
    /// # Errors
    ///
    /// There are no credentials or no certificate, or they cannot be read.
    pub fn open(at: &At, who: Who) -> anyhow::Result<Self> {
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let data = at.data.clone().or_else(|| env("TWINPATH_DATA").map(PathBuf::from));
        let folder = data.unwrap_or_else(|| PathBuf::from(DATA));
        let ca = env("TWINPATH_CA").map_or_else(|| folder.join("ca.pem"), PathBuf::from);
        let (tenant, subscription, account) = match (env("TWINPATH_CLIENT_ID"), env("TWINPATH_CLIENT_SECRET")) {
            (Some(id), Some(secret)) => {
                let tenant = env("TWINPATH_TENANT").context("TWINPATH_CLIENT_ID is set, and TWINPATH_TENANT is not")?;
                (tenant, env("TWINPATH_SUBSCRIPTION"), Account { id, secret })
            }
            _ => credentials(&folder, who)?,
        };
        let base = at.url.clone().or_else(|| env("TWINPATH_URL")).or_else(|| {
            let file: Value = serde_json::from_slice(&std::fs::read(folder.join("credentials.json")).ok()?).ok()?;
            file["url"].as_str().map(str::to_owned)
        });
        let base = base.unwrap_or_else(|| "https://localhost:8443".to_owned()).trim_end_matches('/').to_owned();
        ensure!(base.starts_with("https://"), "{base}: the service speaks https, so the address begins with https://");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("twinpath/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(PATIENCE))
            .tls_config(TlsConfig::builder().root_certs(roots(&ca)?).build());
        Ok(Self {
            agent: config.build().new_agent(),
            base,
            tenant,
            subscription,
            account,
            token: RefCell::default(),
            longest: LONGEST,
            quiet: false,
        })
    }

    /// GET.
    ///
    /// # Errors
    ///
    /// [`Refused`], or the service cannot be reached.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.send(&Method::GET, path, None)?.body)
    }

    /// All items of a list, page after page.
    ///
    /// # Errors
    ///
    /// As [`Self::get`], for any of the pages.
    pub fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(page) = next {
            let mut body = self.get(&page)?;
            match body.get_mut("value").map(Value::take) {
                Some(Value::Array(page)) => items.extend(page),
                Some(_) | None => bail!("{page}: the answer is no list"),
            }
            let link = body.get("nextLink").and_then(Value::as_str).filter(|link| !link.is_empty());
            next = link.map(str::to_owned);
            // A token goes to the service that it is for, and nowhere else.
            if let Some(link) = &next {
                ensure!(link.starts_with(&format!("{}/", self.base)), "the next page is elsewhere: {link}");
            }
        }
        Ok(items)
    }

    /// Sends a request and gives the answer.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> anyhow::Result<Reply> {
        let token = self.token()?;
        let request = Request::builder()
            .method(method)
            .uri(self.address(path))
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/json");
        let answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(serde_json::to_vec(body)?)?)
            }
            None => self.agent.run(request.body(())?),
        };
        let mut answer = answer.with_context(|| self.unreachable())?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let operation = header("azure-asyncoperation").or_else(|| header("location"));
        let retry_after = header("retry-after").and_then(|seconds| seconds.parse().ok());
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_string()?;
        let body = match text.trim().is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&text)
                .with_context(|| format!("{path}: status {status}, and the body is no JSON"))?,
        };
        if status >= 400 {
            return Err(refused(status, &body).into());
        }
        Ok(Reply { status, body, operation, retry_after })
    }

    /// Sends a request and waits until the operation that it began has ended; tells how it goes on a terminal.
    ///
    /// # Errors
    ///
    /// As [`Self::get`]; [`Refused`] also when the operation failed.
    pub fn finish(&self, method: &Method, path: &str, body: Option<&Value>, doing: &str) -> anyhow::Result<Value> {
        let mut reply = self.send(method, path, body)?;
        let Some(operation) = reply.operation.clone() else { return Ok(reply.body) };
        ensure!(operation.starts_with(&format!("{}/", self.base)), "the operation is elsewhere: {operation}");
        let mut say = Progress::new(doing, self.quiet);
        // Most operations end at once, and the service says a second to all.
        let mut wait = FIRST;
        #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
        let until = Instant::now() + self.longest;
        let ended = loop {
            std::thread::sleep(wait);
            wait = reply.retry_after.map_or(FIRST, |seconds| Duration::from_secs(seconds.min(10)));
            #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
            if Instant::now() > until {
                let message = format!("{doing}: no end after {} s: {operation}", self.longest.as_secs());
                break Err(Refused { status: 504, code: "Timeout".to_owned(), message });
            }
            reply = self.send(&Method::GET, &operation, None)?;
            match reply.body.get("status").and_then(Value::as_str) {
                Some("InProgress") => say.tick(),
                _ if reply.status == 202 => say.tick(),
                Some("Failed" | "Canceled") => break Err(refused(409, &reply.body)),
                _ => break Ok(()),
            }
        };
        say.end();
        ended?;
        match *method == Method::PUT {
            true => self.get(path),
            false => Ok(reply.body),
        }
    }

    /// The address of a path; the links that the service gives are addresses already.
    fn address(&self, path: &str) -> String {
        if path.starts_with("https://") {
            return path.to_owned();
        }
        let version = match (path.starts_with("/operator/") || path.contains("api-version="), path.contains('?')) {
            (true, _) => String::new(),
            (false, true) => format!("&api-version={VERSION}"),
            (false, false) => format!("?api-version={VERSION}"),
        };
        format!("{}{path}{version}", self.base)
    }

    /// The token, asked for once.
    fn token(&self) -> anyhow::Result<String> {
        if let Some(token) = &*self.token.borrow() {
            return Ok(token.clone());
        }
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.account.id),
            ("client_secret", &self.account.secret),
            ("scope", &format!("{}/.default", self.base)),
        ];
        let address = format!("{}/{}/oauth2/v2.0/token", self.base, self.tenant);
        let mut answer = self.agent.post(&address).send_form(form).with_context(|| self.unreachable())?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LARGEST).read_to_string()?;
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(Value::as_str);
        let token = text("access_token").ok_or_else(|| {
            let why = text("error_description").or_else(|| text("error")).unwrap_or("no reason was given");
            anyhow!("{}: signing in was refused with status {status}: {why}", self.base)
        })?;
        *self.token.borrow_mut() = Some(token.to_owned());
        Ok(token.to_owned())
    }

    fn unreachable(&self) -> String {
        format!(
            "{} does not answer; is `twinpath serve` running, and is `--data` or TWINPATH_CA its folder?",
            self.base
        )
    }
}

/// Credentials out of the folder of a service.
fn credentials(folder: &Path, who: Who) -> anyhow::Result<(String, Option<String>, Account)> {
    let path = folder.join("credentials.json");
    let text = std::fs::read_to_string(&path).with_context(|| {
        let name = path.display();
        format!("{name}: no credentials; say with `--data` where `twinpath serve` keeps its files, or set TWINPATH_CLIENT_ID")
    })?;
    let file: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let account = match who {
        Who::Operator => "operator",
        Who::Customer => "customer",
    };
    let text = |pointer: String| {
        let value = file.pointer(&pointer).and_then(Value::as_str).map(str::to_owned);
        value.with_context(|| format!("{}: `{}` is missing", path.display(), pointer.trim_start_matches('/')))
    };
    let signed =
        Account { id: text(format!("/{account}/clientId"))?, secret: text(format!("/{account}/clientSecret"))? };
    Ok((text("/tenant".to_owned())?, text("/subscription".to_owned()).ok(), signed))
}

/// The certificates in a file.
fn roots(path: &Path) -> anyhow::Result<RootCerts> {
    let pem = std::fs::read(path).with_context(|| format!("{}: the certificate of the service", path.display()))?;
    let certificate = Certificate::from_pem(&pem).with_context(|| path.display().to_string())?;
    Ok(RootCerts::new_with_certs(&[certificate]))
}

fn refused(status: u16, body: &Value) -> Refused {
    let text = |key: &str| body.pointer(&format!("/error/{key}")).and_then(Value::as_str);
    Refused {
        status,
        code: text("code").map_or_else(|| format!("status {status}"), str::to_owned),
        message: text("message").unwrap_or("the service gave no reason").to_owned(),
    }
}

/// A line on a terminal while something goes on; it leaves nothing behind.
struct Progress {
    doing: String,
    ticks: usize,
    shown: bool,
}

impl Progress {
    fn new(doing: &str, quiet: bool) -> Self {
        Self { doing: doing.to_owned(), ticks: 0, shown: !quiet && io::stderr().is_terminal() }
    }

    fn tick(&mut self) {
        if self.shown {
            self.ticks += 1;
            let _ = write!(anstream::stderr(), "\r{} {}", self.doing, ["–", "\\", "|", "/"][self.ticks % 4]);
        }
    }

    fn end(&self) {
        if self.shown && self.ticks > 0 {
            let _ = write!(anstream::stderr(), "\r{:width$}\r", "", width = self.doing.chars().count() + 2);
        }
    }
}
