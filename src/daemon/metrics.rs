//! Figures for a monitoring system and a word on health, over HTTP on this machine only: `/metrics` (Prometheus text) and `/health`.
//! Numbers alone, no patient data.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::daemon::event::trouble;
use crate::daemon::{Event, Shared};

/// Connections at once: one monitoring system asks, now and then.
const CONNECTIONS_MAX: usize = 8;
/// A question that is not asked within so many seconds is none.
const HEADER_SECONDS_MAX: u64 = 10;
/// Upper bounds of the times that are counted, in seconds.
const SECONDS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0];

/// What is counted.
pub(in crate::daemon) struct Metrics {
    registry: Registry,
    papers: Counter,
    pages: Counter,
    letters: Counter,
    troubles: Counter,
    last_paper: Gauge,
    to_record: Histogram,
    to_mail: Histogram,
    papers_owed: Gauge,
    letters_owed: Gauge,
    letters_dead: Gauge,
}

impl Metrics {
    pub(in crate::daemon) fn new() -> Self {
        let mut registry = Registry::with_prefix("rxintake");
        let metrics = Self {
            papers: Counter::default(),
            pages: Counter::default(),
            letters: Counter::default(),
            troubles: Counter::default(),
            last_paper: Gauge::default(),
            to_record: Histogram::new(SECONDS),
            to_mail: Histogram::new(SECONDS),
            papers_owed: Gauge::default(),
            letters_owed: Gauge::default(),
            letters_dead: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("papers", "Papers that became a record", metrics.papers.clone());
        registry.register("pages", "Pages of these papers", metrics.pages.clone());
        registry.register("letters", "Letters handed over", metrics.letters.clone());
        registry.register("troubles", "Troubles told to the operator", metrics.troubles.clone());
        registry.register("last_paper_timestamp_seconds", "When a paper last came in", metrics.last_paper.clone());
        registry.register("paper_seconds", "From receipt of a paper to its record", metrics.to_record.clone());
        registry.register(
            "letter_seconds",
            "From the writing of a letter to its handing over",
            metrics.to_mail.clone(),
        );
        registry.register("papers_owed", "Papers that wait to be read", metrics.papers_owed.clone());
        registry.register("letters_owed", "Letters that wait to be handed over", metrics.letters_owed.clone());
        registry.register("letters_dead", "Letters that cannot be delivered", metrics.letters_dead.clone());
        Self { registry, ..metrics }
    }

    /// Counts what happened.
    pub(in crate::daemon) fn note(&self, event: &Event) {
        match event {
            Event::Stored { record, .. } => {
                self.papers.inc();
                self.pages.inc_by(record.paper.pages.into());
                self.last_paper.set(record.arrival.received_at.as_second());
                let took = record.stored_at.duration_since(record.arrival.received_at);
                self.to_record.observe(took.as_secs_f64());
            }
            Event::LetterSent { waited, .. } => {
                self.letters.inc();
                self.to_mail.observe(waited.as_secs_f64());
            }
            Event::Trouble { .. } | Event::Needed { .. } => {
                self.troubles.inc();
            }
            _ => {}
        }
    }
}

/// Answers until the daemon stops. `listen` is an address of this machine alone.
pub(in crate::daemon) async fn serve(listen: SocketAddr, metrics: Arc<Metrics>, shared: Shared) {
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            let what = format!("metrics cannot be had: {listen} under [metrics] cannot be listened at: {error}");
            (shared.tell)(Event::Trouble { what });
            return shared.stop.cancelled().await;
        }
    };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((stream, _)), Ok(place)) = (accepted, room.clone().try_acquire_owned()) else { continue };
        let (metrics, shared) = (metrics.clone(), shared.clone());
        tokio::spawn(async move {
            let answer =
                service_fn(|request| std::future::ready(Ok::<_, hyper::Error>(answer(&request, &metrics, &shared))));
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEADER_SECONDS_MAX));
            let connection = http.keep_alive(false).serve_connection(TokioIo::new(stream), answer);
            // whoever asked may be gone, and nobody is waited for when all stops
            shared.stop.run_until_cancelled(connection).await.and_then(Result::ok);
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, metrics: &Metrics, shared: &Shared) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match figures(metrics, shared) {
            Ok(text) => (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text),
            Err(what) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", what),
        },
        (&Method::GET, "/health") => match health(shared) {
            Ok(()) => (StatusCode::OK, "text/plain", "ok\n".to_owned()),
            Err(what) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", what),
        },
        _ => (StatusCode::NOT_FOUND, "text/plain", "there is /metrics and /health\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}

fn figures(metrics: &Metrics, shared: &Shared) -> Result<String, String> {
    let sentence = |error: crate::store::StoreError| format!("{error}\n");
    let (papers, letters) = shared.store.owed().map_err(sentence)?;
    let dead = shared.store.letters().map_err(sentence)?.iter().filter(|letter| letter.is_dead).count();
    let set = |gauge: &Gauge, count: usize| gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    set(&metrics.papers_owed, papers);
    set(&metrics.letters_owed, letters);
    set(&metrics.letters_dead, dead);
    let mut text = String::new();
    encode(&mut text, &metrics.registry).map_err(|error| format!("{error}\n"))?;
    Ok(text)
}

/// Whether papers can be taken in: the store answers, there is room, no mailbox is out of reach.
fn health(shared: &Shared) -> Result<(), String> {
    shared.store.must_have_room().and_then(|()| shared.store.first_with("")).map_err(|error| {
        let Event::Trouble { what } = trouble(&error) else { return String::new() };
        format!("{what}\n")
    })?;
    if shared.unreached.load(std::sync::atomic::Ordering::SeqCst) {
        return Err("a mail server does not answer; mails wait there\n".to_owned());
    }
    Ok(())
}
