//! Spans by OpenTelemetry's own crates, sent as OTLP over HTTP by the client that asks the backend.

use super::TRACEPARENT;
use crate::backend::{Client, Outgoing};
use async_trait::async_trait;
use campanile_manager::{Passage, Watch};
use http::HeaderMap;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanKind, Status, TraceContextExt, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Runtime;

/// Variables that say where to send spans; without one of them none are made.
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 65_536;

/// What makes the spans of this process, once that was started.
static TRACER: OnceLock<Tracer> = OnceLock::new();

/// Sends spans until it is dropped; what waits then is sent first.
#[derive(Debug)]
pub struct Sending(Option<SdkTracerProvider>);

/// Begins to send spans, if the environment says where to. OpenTelemetry's other variables count too:
/// `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_BSP_MAX_QUEUE_SIZE`.
///
/// # Errors
///
/// When these cannot be understood.
pub fn start() -> Result<Sending, String> {
    if ENDPOINTS.iter().all(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())) {
        return Ok(Sending(None));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Sender::new().map_err(|error| format!("cannot send spans: {error}"))?)
        .with_protocol(Protocol::HttpJson)
        .build()
        .map_err(|error| format!("OTEL_EXPORTER_OTLP_…: {error}"))?;
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let resource = match std::env::var_os("OTEL_SERVICE_NAME") {
        Some(_) => resource,
        None => resource.with_service_name("campanile"),
    };
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build();
    // A second server in one process, as in a test, keeps the first one's.
    let _ = TRACER.set(provider.tracer("campanile"));
    Ok(Sending(Some(provider)))
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(TIMEOUT)
        {
            tracing::warn!("the last spans were not sent: {error}");
        }
    }
}

/// A part of a trace, which ends when the last clone is dropped. Nothing where none are made, or this
/// trace is not among those that are sampled.
#[derive(Clone, Debug, Default)]
pub struct Span(Option<Context>);

impl Span {
    /// Begins a span for a request, in the trace that its headers name.
    pub fn of_request(name: &'static str, headers: &HeaderMap) -> Span {
        let traceparent = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        Span::begin(name, SpanKind::Server, traceparent)
    }

    /// Begins a span in the trace that a `traceparent` names, or in a trace of its own.
    pub fn within(name: &'static str, traceparent: Option<&str>) -> Span {
        Span::begin(name, SpanKind::Internal, traceparent)
    }

    fn begin(name: &'static str, kind: SpanKind, traceparent: Option<&str>) -> Span {
        let Some(tracer) = TRACER.get() else { return Span(None) };
        let parent = TraceContextPropagator::new()
            .extract_with_context(&Context::new(), &Carrier(traceparent.map(str::to_owned)));
        Span::of(SpanBuilder::from_name(name).with_kind(kind), tracer, &parent)
    }

    fn of(builder: SpanBuilder, tracer: &Tracer, parent: &Context) -> Span {
        let span = builder.start_with_context(tracer, parent);
        Span(span.is_recording().then(|| parent.with_span(span)))
    }

    /// Begins a span that is a part of this one.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Span {
        let (Some(context), Some(tracer)) = (&self.0, TRACER.get()) else { return Span(None) };
        Span::of(SpanBuilder::from_name(name).with_kind(SpanKind::Client), tracer, context)
    }

    /// Notes a number.
    pub fn note(&self, key: &'static str, number: usize) {
        if let Some(context) = &self.0 {
            context.span().set_attribute(KeyValue::new(key, count(number)));
        }
    }

    /// Notes that it failed, by what kind of failure.
    pub fn fail(&self, why: &'static str) {
        if let Some(context) = &self.0 {
            context.span().set_status(Status::error(why));
        }
    }

    /// Returns the name of this span for others, where it is recorded.
    pub fn traceparent(&self) -> Option<String> {
        let mut carrier = Carrier(None);
        TraceContextPropagator::new().inject_context(self.0.as_ref()?, &mut carrier);
        carrier.0
    }

    /// Returns what makes spans of the loops' parts, from now on.
    pub fn watch(&self) -> Option<Arc<dyn Watch>> {
        let context = self.0.clone()?;
        Some(Arc::new(Passages { context, posted: (Instant::now(), SystemTime::now()) }))
    }
}

/// Makes spans of what the loops tell.
#[derive(Debug)]
struct Passages {
    context: Context,
    /// When it was posted, by both clocks: loops measure by the one, spans are dated by the other.
    posted: (Instant, SystemTime),
}

impl Watch for Passages {
    fn passed(&self, passage: Passage) {
        let Some(tracer) = TRACER.get() else { return };
        let (instant, time) = self.posted;
        let date = |at: Instant| time + at.saturating_duration_since(instant);
        let index = KeyValue::new("campanile.loop", i64::from(passage.loop_index));
        let part = |name, from, until, attributes: Vec<KeyValue>| {
            let builder = SpanBuilder::from_name(name)
                .with_kind(SpanKind::Internal)
                .with_start_time(date(from))
                .with_attributes(attributes);
            builder.start_with_context(tracer, &self.context).end_with_timestamp(date(until));
        };
        part("mailbox", instant, passage.taken, vec![index.clone()]);
        let fan_out_us = (passage.fanned_out - passage.taken).as_micros();
        let attributes = vec![
            index,
            KeyValue::new("campanile.deliveries", count(passage.deliveries)),
            KeyValue::new("campanile.fan_out_us", i64::try_from(fan_out_us).unwrap_or(i64::MAX)),
        ];
        part("deliver", passage.taken, passage.written, attributes);
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a `traceparent` is read from or written to.
struct Carrier(Option<String>);

impl Extractor for Carrier {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.as_deref().filter(|_| key == TRACEPARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

impl Injector for Carrier {
    fn set(&mut self, key: &str, value: String) {
        if key == TRACEPARENT {
            self.0 = Some(value);
        }
    }
}

/// The client that asks the backend, on a thread of its own: the one that opens connections must not
/// wait for a collector.
#[derive(Debug)]
struct Sender {
    client: Client,
    runtime: Runtime,
}

impl Sender {
    fn new() -> std::io::Result<Sender> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("spans")
            .enable_all()
            .build()?;
        Ok(Sender { client: Client::new(None, TIMEOUT, TIMEOUT, ANSWER_BYTES_MAX), runtime })
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let outgoing = Outgoing { method: head.method, uri: head.uri, headers: head.headers, body };
        let client = self.client.clone();
        let answer = self.runtime.spawn(async move { client.send(outgoing).await }).await??;
        let mut response = Response::new(answer.body);
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}
