//! `twinpath serve`: the service.

use super::embedded::Embedded;
use crate::Outcome;
use crate::args::Serve;
use anyhow::Context;
use catalog::Catalog;
use control::Settings;
use control::auth::External;
use control::server::{EdgeDoor, Options, Server};
use control::trace::Traces;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// How many items a page of a list has.
const PAGE: u32 = 100;
/// For how long ended operations can be asked about.
const REMEMBER: Duration = Duration::from_secs(24 * 3600);

/// How long the collector of traces has for the last of them.
const FLUSH: Duration = Duration::from_secs(2);

/// Runs the service until it is told to stop.
pub(crate) fn run(serve: &Serve, catalog: &Arc<Catalog>) -> anyhow::Result<Outcome> {
    #[expect(clippy::disallowed_methods, reason = "the time to start is told")]
    let began = Instant::now();
    log(serve);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(answer(serve, catalog, began))?;
    // What still hangs after the farewell does not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(Outcome::Ready)
}

async fn answer(serve: &Serve, catalog: &Arc<Catalog>, began: Instant) -> anyhow::Result<()> {
    let folder = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&serve.data);
    folder.with_context(|| format!("{} cannot be made", serve.data.display()))?;
    let database = match &serve.database {
        Some(database) => database.clone(),
        None => format!("sqlite:{}", serve.data.join("twinpath.db").display()),
    };
    let store = store::open(&database).await?;
    let traces = match serve.traces.as_deref().filter(|collector| !collector.is_empty()) {
        Some(collector) => Traces::to(collector).map_err(anyhow::Error::msg)?,
        None => Traces::default(),
    };
    let settings = Settings {
        base: String::new(),
        catalog: catalog.clone(),
        carriers: serve.carriers.into(),
        page: PAGE,
        remember: REMEMBER,
        traces: traces.clone(),
    };
    let oidc = serve.oidc.iter().filter_map(|setting| External::parse(setting).ok()).collect();
    let (dir, base) = (serve.data.clone(), serve.base.clone());
    let options = Options { dir, listen: serve.listen, base, store: store.clone(), settings, oidc };
    let server = Server::bind(options).await?;
    let names = ["localhost".to_owned(), serve.edge_listen.ip().to_string()];
    let (certificates, settings) = (server.certificates().clone(), server.settings().clone());
    let door = EdgeDoor::bind(serve.edge_listen, &names, &certificates, store.clone(), settings).await?;
    let (stop, stopped) = watch::channel(false);
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        let name = tokio::select! { _ = term.recv() => "SIGTERM", _ = int.recv() => "SIGINT" };
        tracing::info!("{name}: stopping after the requests at work");
        let _ = stop.send(true);
        // A second signal does not wait.
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        std::process::exit(1);
    });
    if serve.json {
        tracing::info!(base = server.base(), ms = began.elapsed().as_secs_f64() * 1000.0, "ready");
    } else {
        welcome(serve, &server, began.elapsed())?;
    }
    if serve.demo {
        let (data, base) = (serve.data.clone(), server.base().to_owned());
        tokio::task::spawn_blocking(move || match super::seed::run(&data, &base) {
            Ok(page) => drop(anstream::stdout().write_all(page.as_bytes())),
            Err(error) => tracing::error!("the demo was not made: {error:#}"),
        });
    }
    let control = door.address();
    let door = tokio::spawn(door.run(stopped.clone()));
    let embedded = (!serve.no_edges).then(|| {
        let embedded = Embedded { data: serve.data.clone(), control, certificates, store };
        tokio::spawn(embedded.keep(stopped.clone()))
    });
    server.run(stopped).await?;
    for task in embedded.into_iter().chain([door]) {
        if task.await.is_err() {
            tracing::error!("a part of the service ended in a panic");
        }
    }
    tokio::task::spawn_blocking(move || traces.flush(FLUSH)).await?;
    tracing::info!("stopped");
    Ok(())
}

/// What a person reads at the start.
fn welcome(serve: &Serve, server: &Server, took: Duration) -> io::Result<()> {
    let mut out = anstream::stdout();
    let store = match &serve.database {
        Some(database) => database.split("://").next().unwrap_or("file").to_owned(),
        None => serve.data.join("twinpath.db").display().to_string(),
    };
    writeln!(out, "twinpath {} · store {store}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "ready in {:.2} s · {}\n", took.as_secs_f64(), server.base())?;
    let plain = serve.data.as_os_str() == "twinpath-data";
    let data = if plain { String::new() } else { format!(" --data {}", super::login::quoted(&serve.data)) };
    if server.is_first() {
        let path = serve.data.join("credentials.json");
        writeln!(out, "  made     a tenant, a subscription, an operator, a customer: {}", path.display())?;
    }
    if server.credentials().is_some() {
        writeln!(out, "  az       eval \"$(twinpath env az{data})\" && eval \"$TWINPATH_AZ_LOGIN\"")?;
        writeln!(out, "  others   twinpath login-help{data}          az, Python SDK, Terraform: lines to paste\n")?;
    }
    out.flush()
}

/// Sends the log to standard error: a story for people, or a line of JSON an event.
fn log(serve: &Serve) {
    let targets = tracing_subscriber::filter::Targets::new().with_default(Level::INFO);
    let requests = if serve.json || serve.verbose { Level::DEBUG } else { Level::INFO };
    let targets = targets.with_target("twinpath::request", requests);
    let registry = tracing_subscriber::registry().with(targets);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    let started = if serve.json {
        registry.with(lines.json().flatten_event(true).with_current_span(false).with_span_list(false)).try_init()
    } else {
        registry.with(lines.event_format(Story)).try_init()
    };
    // One that is there already, in tests, keeps the log.
    drop(started);
    std::panic::set_hook(Box::new(|panic| tracing::error!("panic: {panic}")));
}

/// A line for people: the time of the day, a word where something is wrong, what happened.
struct Story;

impl<S, N> FormatEvent<S, N> for Story
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let now = control::clock::now().to_zoned(jiff::tz::TimeZone::system());
        write!(writer, "{}  ", now.strftime("%H:%M:%S"))?;
        match *event.metadata().level() {
            Level::ERROR => writer.write_str("error: ")?,
            Level::WARN => writer.write_str("warning: ")?,
            Level::INFO | Level::DEBUG | Level::TRACE => {}
        }
        let mut fields = String::new();
        if event.metadata().target() == "twinpath::story" {
            // The request is for machines.
            let mut only = Message(&mut fields);
            event.record(&mut only);
        } else {
            context.format_fields(Writer::new(&mut fields), event)?;
        }
        writeln!(writer, "{}", fields.trim_end())
    }
}

/// Takes the message of an event and leaves its other fields.
struct Message<'s>(&'s mut String);

impl tracing::field::Visit for Message<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
