//! Traces: what a request and the steps of an operation took, told to a collector by OTLP (OpenTelemetry 1.x).
//!
//! A request is a span with what it asked of the store below it. Its trace is the one that the caller's `traceparent` names
//! (W3C Trace Context), else it has the number of the request, which answers, the log and the audit log carry as well.
//! The steps of an operation are a trace of their own whose number is the operation's, since they may run in another
//! replica and much later; the commit that promised it says its id.
//!
//! [`Traces`] is where spans go; without a collector it is nothing, and a span costs nothing. Nothing waits for the
//! collector: what it does not take in time is dropped and counted (`export`).

mod export;

use crate::clock;
use export::Exporter;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

tokio::task_local! {
    static HERE: Here;
}

/// Where spans of this process go; the default is nowhere. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Arc<Exporter>>);

/// The span that is open in this task.
#[derive(Debug, Clone)]
struct Here {
    exporter: Arc<Exporter>,
    trace: u128,
    span: u64,
}

/// A span that ended.
#[derive(Debug)]
pub(crate) struct Span {
    trace: u128,
    id: u64,
    /// 0 for none.
    parent: u64,
    name: String,
    kind: Kind,
    began: Timestamp,
    ended: Timestamp,
    told: Told,
}

/// What a span is, by the numbers of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// What is known of a span when it ends.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// A better name than that at its beginning.
    pub(crate) name: Option<String>,
    /// Texts by the names of OpenTelemetry's semantic conventions.
    pub(crate) texts: Vec<(&'static str, String)>,
    /// Numbers, likewise.
    pub(crate) numbers: Vec<(&'static str, i64)>,
    /// It failed, and not by the caller's fault.
    pub(crate) failed: bool,
}

/// What a caller says of the trace that its request is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    trace: u128,
    span: u64,
    sampled: bool,
}

impl Parent {
    /// Reads a header `traceparent`; nothing when it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_hex = |part: &str, length: usize| {
            part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        // A later version may have more parts, the first has none.
        let is_whole = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        if !is_whole || !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
            return None;
        }
        let (trace, span) = (u128::from_str_radix(trace, 16).ok()?, u64::from_str_radix(span, 16).ok()?);
        let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled })
    }
}

impl Traces {
    /// Tells a collector, like `http://localhost:4318`: OTLP over HTTP in JSON, at `/v1/traces` below it.
    ///
    /// # Errors
    ///
    /// The address is none, or no thread can be started.
    pub fn to(collector: &str) -> Result<Self, String> {
        Ok(Self(Some(Arc::new(Exporter::start(collector)?))))
    }

    /// Waits until what ended so far was told, or for so long.
    pub fn flush(&self, patience: Duration) {
        if let Some(exporter) = &self.0 {
            exporter.flush(patience);
        }
    }

    /// Does the work of a request, `number`, in a span.
    pub(crate) async fn request<T>(
        &self,
        number: Uuid,
        parent: Option<Parent>,
        work: impl Future<Output = T>,
        tell: impl FnOnce(&T) -> Told,
    ) -> T {
        match parent {
            // Who called decides whether its traces are kept.
            Some(parent) if !parent.sampled => work.await,
            Some(parent) => self.root(parent.trace, parent.span, Kind::Server, work, tell).await,
            None => self.root(number.as_u128(), 0, Kind::Server, work, tell).await,
        }
    }

    /// Takes a step of an operation in a span.
    pub(crate) async fn step<T>(
        &self,
        operation: Uuid,
        work: impl Future<Output = T>,
        tell: impl FnOnce(&T) -> Told,
    ) -> T {
        self.root(operation.as_u128(), 0, Kind::Internal, work, tell).await
    }

    async fn root<T>(
        &self,
        trace: u128,
        parent: u64,
        kind: Kind,
        work: impl Future<Output = T>,
        tell: impl FnOnce(&T) -> Told,
    ) -> T {
        match &self.0 {
            Some(exporter) => spanned(exporter.clone(), trace, parent, kind, "", work, tell).await,
            None => work.await,
        }
    }
}

/// Asks something of the store in a span of its own, when there is one open.
pub(crate) async fn asking<T, E>(
    name: &'static str,
    work: impl Future<Output = Result<T, E>>,
    texts: impl FnOnce() -> Vec<(&'static str, String)>,
) -> Result<T, E> {
    let Ok(here) = HERE.try_with(Here::clone) else { return work.await };
    let tell = |done: &Result<T, E>| Told { texts: texts(), failed: done.is_err(), ..Told::default() };
    spanned(here.exporter, here.trace, here.span, Kind::Client, name, work, tell).await
}

async fn spanned<T>(
    exporter: Arc<Exporter>,
    trace: u128,
    parent: u64,
    kind: Kind,
    name: &str,
    work: impl Future<Output = T>,
    tell: impl FnOnce(&T) -> Told,
) -> T {
    let began = clock::now();
    let id = Uuid::new_v4().as_u64_pair().0;
    let done = HERE.scope(Here { exporter: exporter.clone(), trace, span: id }, work).await;
    let mut told = tell(&done);
    let name = told.name.take().unwrap_or_else(|| name.to_owned());
    exporter.take(Span { trace, id, parent, name, kind, began, ended: clock::now(), told });
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_taken_as_it_is_written_and_nothing_else_is() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let parent = Parent::parse(good).unwrap();
        assert_eq!(parent.trace, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
        assert_eq!((parent.span, parent.sampled), (0x00f0_67aa_0ba9_02b7, true));
        assert!(!Parent::parse(&good.replace("-01", "-00")).unwrap().sampled);
        assert!(Parent::parse(&format!("{}-later", good.replacen("00-", "01-", 1))).is_some());
        for bad in [
            "",
            "00",
            &format!("{good}-more"),
            &good.replacen("00-", "ff-", 1),
            &good.to_uppercase(),
            &good.replace("4bf92f3577b34da6a3ce929d0e0e4736", "00000000000000000000000000000000"),
            &good.replace("00f067aa0ba902b7", "0000000000000000"),
            &good.replace("00f067aa0ba902b7", "+0f067aa0ba902b7"),
        ] {
            assert_eq!(Parent::parse(bad), None, "{bad}");
        }
    }
}
