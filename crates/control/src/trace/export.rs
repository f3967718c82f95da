//! Tells a collector of spans: a thread that gathers them and posts them as OTLP's JSON.
//!
//! The format is that of `opentelemetry-proto`, `ExportTraceServiceRequest`: ids in hexadecimal, times in nanoseconds as
//! text, kinds and states as numbers.

use super::{Span, Told};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

/// How many spans wait at most; more are dropped.
const WAITING: usize = 8192;
/// How many go into one message at most.
const AT_ONCE: usize = 512;
/// How long spans are gathered.
const GATHER: Duration = Duration::from_secs(1);
/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who tells.
#[derive(Debug)]
pub(super) struct Exporter {
    queue: SyncSender<News>,
    dropped: AtomicU64,
}

/// What the thread is told.
#[derive(Debug)]
enum News {
    Ended(Span),
    Flush(Sender<()>),
}

impl Exporter {
    pub(super) fn start(collector: &str) -> Result<Self, String> {
        let is_one = collector.parse::<http::Uri>().is_ok_and(|uri| {
            uri.host().is_some_and(|host| !host.is_empty()) && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if !is_one {
            return Err(format!("the collector is `{collector}`, wanted an address like http://localhost:4318"));
        }
        let address = format!("{}/v1/traces", collector.trim_end_matches('/'));
        let (queue, news) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("traces".to_owned());
        thread.spawn(move || work(&news, &address)).map_err(|error| format!("no thread for traces: {error}"))?;
        Ok(Self { queue, dropped: AtomicU64::new(0) })
    }

    /// Takes a span along, when there is room.
    pub(super) fn take(&self, span: Span) {
        if self.queue.try_send(News::Ended(span)).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::warn!("the collector is too slow: {dropped} spans were dropped");
            }
        }
    }

    pub(super) fn flush(&self, patience: Duration) {
        let (done, wait) = channel();
        if self.queue.try_send(News::Flush(done)).is_ok() {
            // Whoever stops waits no longer than this.
            _ = wait.recv_timeout(patience);
        }
    }
}

/// Gathers and posts until nobody is left to say anything.
fn work(news: &Receiver<News>, address: &str) {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(true).build();
    let (agent, mut answers) = (config.new_agent(), true);
    loop {
        let (mut spans, mut flushed, mut over) = (Vec::new(), None, false);
        while spans.len() < AT_ONCE {
            // The first is waited for as long as it takes.
            let wait = if spans.is_empty() { Duration::from_secs(3600) } else { GATHER };
            match news.recv_timeout(wait) {
                Ok(News::Ended(span)) => spans.push(span),
                Ok(News::Flush(done)) => {
                    flushed = Some(done);
                    break;
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    over = true;
                    break;
                }
            }
        }
        if !spans.is_empty() {
            let posted = agent.post(address).content_type("application/json").send(message(&spans).to_string());
            match (&posted, answers) {
                (Err(error), true) => tracing::warn!("traces are lost, {address} does not take them: {error}"),
                (Ok(_), false) => tracing::info!("{address} takes traces again"),
                _ => {}
            }
            answers = posted.is_ok();
        }
        if let Some(done) = flushed {
            // Who waited may have given up.
            _ = done.send(());
        }
        if over {
            return;
        }
    }
}

/// Spans as OTLP has them.
fn message(spans: &[Span]) -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let version = env!("CARGO_PKG_VERSION");
    json!({ "resourceSpans": [{
        "resource": { "attributes": [text("service.name", "twinpath"), text("service.version", version)] },
        "scopeSpans": [{
            "scope": { "name": "twinpath", "version": version },
            "spans": spans.iter().map(span).collect::<Vec<_>>(),
        }],
    }] })
}

fn span(span: &Span) -> Value {
    let Told { texts, numbers, failed, .. } = &span.told;
    let texts = texts.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } }));
    let numbers = numbers.iter().map(|(key, value)| json!({ "key": key, "value": { "intValue": value.to_string() } }));
    let mut told = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": span.began.as_nanosecond().to_string(),
        "endTimeUnixNano": span.ended.as_nanosecond().to_string(),
        "attributes": texts.chain(numbers).collect::<Vec<_>>(),
        // 0: nothing is said; 2: an error.
        "status": { "code": if *failed { 2 } else { 0 } },
    });
    if span.parent != 0 {
        told["parentSpanId"] = json!(format!("{:016x}", span.parent));
    }
    told
}
