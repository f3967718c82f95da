//! Who asks the service in a measurement: over TLS, each thread by a connection that stays open.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use ureq::http::{Method, Request};
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// A caller with its token.
pub(super) struct Caller {
    agent: ureq::Agent,
    base: String,
    token: String,
}

/// Connections that trust an authority, and show a certificate where one is needed.
pub(super) fn agent(ca: &Path, own: Option<(&str, &str)>) -> anyhow::Result<ureq::Agent> {
    let authority = Certificate::from_pem(&std::fs::read(ca)?)?;
    let mut tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[authority]));
    if let Some((certificate, key)) = own {
        let certificate = Certificate::from_pem(certificate.as_bytes())?.to_owned();
        tls = tls.client_cert(Some(ClientCert::new_with_certs(&[certificate], PrivateKey::from_pem(key.as_bytes())?)));
    }
    let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None);
    Ok(config.timeout_global(Some(Duration::from_secs(90))).tls_config(tls.build()).build().new_agent())
}

impl Caller {
    /// Signs in.
    pub(super) fn new(ca: &Path, base: &str, tenant: &str, account: (&str, &str)) -> anyhow::Result<Self> {
        let agent = agent(ca, None)?;
        let (id, secret) = account;
        let scope = format!("{base}/.default");
        let form =
            [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret), ("scope", &scope)];
        let mut answer = agent.post(format!("{base}/{tenant}/oauth2/v2.0/token")).send_form(form)?;
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string()?)?;
        let token = body["access_token"].as_str().with_context(|| format!("no token: {body}"))?.to_owned();
        Ok(Self { agent, base: base.to_owned(), token })
    }

    /// The same caller on a connection of its own.
    pub(super) fn again(&self, ca: &Path) -> anyhow::Result<Self> {
        Ok(Self { agent: agent(ca, None)?, base: self.base.clone(), token: self.token.clone() })
    }

    /// Asks once. Gives the body and where an operation goes on.
    pub(super) fn ask(
        &self,
        verb: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(Value, Option<String>)> {
        let url = match path.starts_with("https://") {
            true => path.to_owned(),
            false => format!("{}{path}", self.base),
        };
        let request = Request::builder().method(verb).uri(url);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = request.header("content-type", "application/json");
        let mut answer = match body {
            Some(body) => self.agent.run(request.body(body.to_string())?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let operation = answer.headers().get("azure-asyncoperation").and_then(|value| value.to_str().ok());
        let operation = operation.map(str::to_owned);
        let (status, text) = (answer.status(), answer.body_mut().read_to_string()?);
        ensure!(status.is_success(), "{path}: {status} {text}");
        Ok((serde_json::from_str(&text).unwrap_or_default(), operation))
    }

    /// Asks, and waits for what goes on.
    pub(super) fn finish(&self, verb: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (body, operation) = self.ask(verb, path, body)?;
        while let Some(operation) = &operation {
            let (state, _) = self.ask(Method::GET, operation, None)?;
            match state["status"].as_str() {
                Some("InProgress") => std::thread::sleep(Duration::from_millis(5)),
                Some("Succeeded") => break,
                _ => anyhow::bail!("{path}: {state}"),
            }
        }
        Ok(body)
    }
}

/// How fast something was, once.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    pub(super) rate: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
}

impl Pace {
    /// Of so many milliseconds, which took so many seconds altogether.
    pub(super) fn of(mut took: Vec<f64>, seconds: f64) -> Self {
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took.get(((took.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
        Self { rate: took.len() as f64 / seconds, p50: at(0.5), p99: at(0.99) }
    }

    /// The medians of rounds.
    pub(super) fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        Self { rate: of(|pace| pace.rate), p50: of(|pace| pace.p50), p99: of(|pace| pace.p99) }
    }
}

/// Has threads do something again and again for a time. Each is given its number and how often it did it.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(super) fn pace<W: FnMut(u64) -> anyhow::Result<()> + Send>(
    workers: Vec<W>,
    time: Duration,
) -> anyhow::Result<Pace> {
    let began = Instant::now();
    let took = std::thread::scope(|scope| {
        let threads: Vec<_> = workers
            .into_iter()
            .map(|mut work| {
                scope.spawn(move || -> anyhow::Result<Vec<f64>> {
                    let mut took = Vec::new();
                    for times in 0.. {
                        let asked = Instant::now();
                        if asked.duration_since(began) >= time {
                            break;
                        }
                        work(times)?;
                        took.push(asked.elapsed().as_secs_f64() * 1000.0);
                    }
                    Ok(took)
                })
            })
            .collect();
        let each = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow::anyhow!("a client panicked"))?);
        each.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(Pace::of(took.concat(), began.elapsed().as_secs_f64()))
}
