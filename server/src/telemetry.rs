//! Logs and metrics: every metric's name stands here and nowhere else, with its unit and what it counts; those of players'
//! links in `player_figures` and of the store in `store_figures` below, and refusals in `refusals`.
//! It knows no match and no route; those call it with words and numbers. Simulation threads keep
//! handles that were registered once, so that counting in a tick takes no lock and looks up no name.

pub mod bridge_figures;
pub mod journal_figures;
pub mod player_figures;
pub mod player_traffic;
pub mod reading;
pub mod refusals;
pub mod seldom;
pub mod store_figures;

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
    thread,
    time::Duration,
};

use metrics::{Counter, Gauge, Histogram, Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use shared::protocol::{CloseReason, PROTOCOL_VERSION};
use tracing_subscriber::{EnvFilter, filter::ParseError, fmt};

use crate::config::LogFormat;
pub use refusals::rejected;

/// Wall time of one tick's work, from waking up to the last write; seconds.
pub const TICK_DURATION: &str = "starfray_tick_duration_seconds";
/// CPU time that the thread spent for one tick; seconds.
pub const TICK_CPU: &str = "starfray_tick_cpu_seconds";
/// How long after its deadline a tick began; seconds.
pub const TICK_LATENESS: &str = "starfray_tick_lateness_seconds";
/// Ticks left out because the thread was too far behind.
pub const TICKS_SKIPPED: &str = "starfray_ticks_skipped_total";
/// Matches that this process hosts now.
pub const MATCHES: &str = "starfray_matches";
/// People with a seat now, bots not counted.
pub const PLAYERS: &str = "starfray_players";
/// Open connections by transport.
pub const CONNECTIONS: &str = "starfray_connections";
/// Bytes written to clients by transport, without TCP and IP.
pub const BYTES_SENT: &str = "starfray_bytes_sent_total";
/// Bytes read from clients by transport, without TCP and IP.
pub const BYTES_RECEIVED: &str = "starfray_bytes_received_total";
/// Snapshots written to players.
pub const SNAPSHOTS_SENT: &str = "starfray_snapshots_sent_total";
/// Snapshots left out because a reader was slow.
pub const SNAPSHOTS_SKIPPED: &str = "starfray_snapshots_skipped_total";
/// Looks at a certificate's files that had changed, by result.
pub const TLS_RELOADS: &str = "starfray_tls_reloads_total";
/// Links that ended, by reason.
pub const DISCONNECTS: &str = "starfray_disconnects_total";
/// HTTP responses by status code.
pub const HTTP_RESPONSES: &str = "starfray_http_responses_total";
/// Always 1; its labels say which build this is.
pub const BUILD_INFO: &str = "starfray_build_info";

/// Changes of a link's stage, by the stage that it entered.
pub const LINK_STAGES: &str = "starfray_link_stages_total";
/// Clients whose picture did not fit and that asked for a keyframe.
pub const DESYNCS: &str = "starfray_desyncs_total";

/// Upper bounds of the tick histograms in seconds: so fine that half as much again shows, up to 100 ms.
const TICK_BUCKETS_S: [f64; 20] = [
    50e-6, 100e-6, 200e-6, 350e-6, 500e-6, 0.7e-3, 1e-3, 1.4e-3, 2e-3, 2.7e-3, 3.5e-3, 5e-3, 7e-3, 10e-3,
    13e-3, 16e-3, 22e-3, 33e-3, 50e-3, 100e-3,
];
/// Samples wait in memory until they are folded into their buckets, so that is done often.
const UPKEEP_EVERY: Duration = Duration::from_secs(2);

/// What carries bytes between the server and a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A connection that speaks HTTP/1.1 requests and has not been handed over.
    Http,
    /// A connection that speaks HTTP/2; what streams in it counts by its own name too.
    Http2,
    /// A player's WebSocket.
    WebSocket,
    /// A player's stream over HTTP; its connection counts as `http` too.
    Stream,
    /// A player's long polls; their connections count as `http` too.
    Poll,
    /// A spectator's event stream.
    Sse,
    /// A spectator's lines of JSON.
    NdJson,
    /// A spectator's long poll, while it is held.
    FeedPoll,
    /// A spectator's WebSocket.
    FeedWebSocket,
}

impl Transport {
    /// All transports.
    pub const ALL: [Transport; 9] = [
        Transport::Http,
        Transport::Http2,
        Transport::WebSocket,
        Transport::Stream,
        Transport::Poll,
        Transport::Sse,
        Transport::NdJson,
        Transport::FeedPoll,
        Transport::FeedWebSocket,
    ];

    /// The value of the label `transport`.
    pub fn word(self) -> &'static str {
        match self {
            Transport::Http => "http",
            Transport::Http2 => "http2",
            Transport::WebSocket => "websocket",
            Transport::Stream => "stream",
            Transport::Poll => "poll",
            Transport::Sse => "sse",
            Transport::NdJson => "ndjson",
            Transport::FeedPoll => "feed_poll",
            Transport::FeedWebSocket => "feed_websocket",
        }
    }
}

/// Starts logging to standard error. `filter` is a level (`info`) or directives (`server=debug,info`).
/// A second call in one process changes nothing. Fails if `filter` makes no sense.
pub fn start_logging(filter: &str, format: LogFormat) -> Result<(), ParseError> {
    // What the broker's client says of its own, the bridge says better; `async_nats=debug` behind it brings it back.
    let filter = EnvFilter::builder().parse(format!("async_nats=off,{filter}"))?;
    let is_terminal = io::stderr().is_terminal();
    let builder = fmt().with_env_filter(filter).with_ansi(is_terminal).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
    Ok(())
}

/// Why metrics could not be started.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The recorder could not be built, or another one is installed in this process.
    #[error("metrics: {0}")]
    Recorder(#[from] BuildError),
    /// The thread that folds samples could not be started.
    #[error("metrics thread: {0}")]
    Thread(#[from] io::Error),
}

/// Installs the recorder, describes every metric and puts each at zero. Must come before any handle is made.
/// A second call in one process changes nothing.
pub fn start_metrics() -> Result<(), MetricsError> {
    static ONCE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = ONCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if RECORDER.get().is_some() {
        return Ok(());
    }
    let mut builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Prefix("starfray_tick_".to_owned()), &TICK_BUCKETS_S)?;
    for (name, bounds) in player_figures::buckets() {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)?;
    }
    let handle = builder.install_recorder()?;
    describe();
    touch();
    let folding = handle.clone();
    thread::Builder::new().name("metrics".to_owned()).spawn(move || fold_samples(&folding))?;
    RECORDER.get_or_init(|| handle);
    Ok(())
}

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

#[expect(clippy::infinite_loop, reason = "the recorder lives as long as the process")]
fn fold_samples(recorder: &PrometheusHandle) {
    loop {
        thread::sleep(UPKEEP_EVERY);
        recorder.run_upkeep();
    }
}

/// All metrics as Prometheus text; empty before [`start_metrics`].
pub fn render() -> String {
    RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
}

fn describe() {
    metrics::describe_histogram!(TICK_DURATION, Unit::Seconds, "Wall time of one tick's work");
    metrics::describe_histogram!(TICK_CPU, Unit::Seconds, "CPU time of the thread for one tick");
    metrics::describe_histogram!(TICK_LATENESS, Unit::Seconds, "How long after its deadline a tick began");
    metrics::describe_counter!(TICKS_SKIPPED, "Ticks left out because the thread was too far behind");
    metrics::describe_gauge!(MATCHES, "Matches hosted now");
    metrics::describe_gauge!(PLAYERS, "People with a seat now, without bots");
    metrics::describe_gauge!(CONNECTIONS, "Open connections by transport");
    metrics::describe_counter!(BYTES_SENT, Unit::Bytes, "Bytes written to clients, without TCP and IP");
    metrics::describe_counter!(BYTES_RECEIVED, Unit::Bytes, "Bytes read from clients, without TCP and IP");
    metrics::describe_counter!(SNAPSHOTS_SENT, "Snapshots written to players");
    metrics::describe_counter!(SNAPSHOTS_SKIPPED, "Snapshots left out because a reader was slow");
    metrics::describe_counter!(DISCONNECTS, "Links that ended, by reason");
    refusals::describe();
    metrics::describe_counter!(TLS_RELOADS, "Times that a certificate was read again, by result");
    metrics::describe_counter!(LINK_STAGES, "Links that entered a stage of keeping up, by stage");
    metrics::describe_counter!(DESYNCS, "Clients whose picture did not fit and that asked for a keyframe");
    metrics::describe_counter!(HTTP_RESPONSES, "HTTP responses by status code");
    metrics::describe_gauge!(BUILD_INFO, "Always 1; the labels name the build");
}

/// Registers every metric, so that a scrape shows it before its first event.
fn touch() {
    drop(TickMetrics::new());
    journal_figures::describe();
    player_figures::describe();
    bridge_figures::describe();
    gauge!(MATCHES).set(0);
    gauge!(PLAYERS).set(0);
    for transport in Transport::ALL {
        gauge!(CONNECTIONS, "transport" => transport.word()).set(0);
        drop(Traffic::new(transport));
    }
    for reason in CloseReason::ALL {
        counter!(DISCONNECTS, "reason" => reason.word()).absolute(0);
    }
    for result in ["ok", "failed"] {
        counter!(TLS_RELOADS, "result" => result).absolute(0);
    }
    for stage in ["healthy", "conflating", "degraded", "stalled", "lost"] {
        counter!(LINK_STAGES, "stage" => stage).absolute(0);
    }
    counter!(DESYNCS).absolute(0);
    counter!(HTTP_RESPONSES, "status" => "200").absolute(0);
    let protocol = PROTOCOL_VERSION.to_string();
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION"), "protocol" => protocol).set(1);
}

/// What a simulation thread counts in each tick. Cheap to clone; make it once for each thread or match.
#[derive(Clone)]
pub struct TickMetrics {
    /// Wall time of one tick's work in seconds.
    pub tick_duration: Histogram,
    /// CPU time of the thread for one tick in seconds.
    pub tick_cpu: Histogram,
    /// How long after its deadline a tick began, in seconds.
    pub tick_lateness: Histogram,
    /// Ticks left out.
    pub ticks_skipped: Counter,
    /// Snapshots written to players.
    pub snapshots_sent: Counter,
    /// Snapshots left out because a reader was slow.
    pub snapshots_skipped: Counter,
}

impl TickMetrics {
    /// Handles of the installed recorder; after [`start_metrics`], else they count into nothing.
    #[expect(
        clippy::new_without_default,
        reason = "it registers with a recorder, which a default must not do"
    )]
    pub fn new() -> TickMetrics {
        TickMetrics {
            tick_duration: histogram!(TICK_DURATION),
            tick_cpu: histogram!(TICK_CPU),
            tick_lateness: histogram!(TICK_LATENESS),
            ticks_skipped: counter!(TICKS_SKIPPED),
            snapshots_sent: counter!(SNAPSHOTS_SENT),
            snapshots_skipped: counter!(SNAPSHOTS_SKIPPED),
        }
    }
}

impl std::fmt::Debug for TickMetrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TickMetrics").finish_non_exhaustive()
    }
}

/// Bytes of one transport. Cheap to clone; make it once for each thread.
#[derive(Clone)]
pub struct Traffic {
    /// Bytes written, without TCP and IP.
    pub sent: Counter,
    /// Bytes read, without TCP and IP.
    pub received: Counter,
}

impl Traffic {
    /// Handles of the installed recorder; after [`start_metrics`], else they count into nothing.
    pub fn new(transport: Transport) -> Traffic {
        Traffic {
            sent: counter!(BYTES_SENT, "transport" => transport.word()),
            received: counter!(BYTES_RECEIVED, "transport" => transport.word()),
        }
    }
}

impl std::fmt::Debug for Traffic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Traffic").finish_non_exhaustive()
    }
}

/// One thing that a gauge counts; it leaves the gauge when it is dropped.
pub struct Counted(Gauge);

impl Counted {
    /// An open connection.
    pub fn connection(transport: Transport) -> Counted {
        Counted::one(gauge!(CONNECTIONS, "transport" => transport.word()))
    }

    /// A hosted match.
    pub fn hosted_match() -> Counted {
        Counted::one(gauge!(MATCHES))
    }

    /// A person's seat.
    pub fn player() -> Counted {
        Counted::one(gauge!(PLAYERS))
    }

    fn one(gauge: Gauge) -> Counted {
        gauge.increment(1);
        Counted(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counted").finish_non_exhaustive()
    }
}

/// Counts a link that ended, by [`CloseReason::word`].
pub fn disconnected(reason: &'static str) {
    counter!(DISCONNECTS, "reason" => reason).increment(1);
}

/// Counts a link that entered a stage.
pub fn link_stage(stage: &'static str) {
    counter!(LINK_STAGES, "stage" => stage).increment(1);
}

/// Counts a client that asked for a keyframe because its picture did not fit.
pub fn desynced() {
    counter!(DESYNCS).increment(1);
}

/// Counts that a certificate's files were read again: `ok` or `failed`.
pub fn tls_reloaded(result: &'static str) {
    counter!(TLS_RELOADS, "result" => result).increment(1);
}

/// Counts an HTTP response by its status code.
pub fn responded(status: u16) {
    counter!(HTTP_RESPONSES, "status" => status.to_string()).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_contract_is_there_before_anything_happens() {
        start_metrics().unwrap();
        start_metrics().unwrap();
        let text = render();
        for name in [
            "starfray_tick_duration_seconds_bucket{le=\"0.001\"}",
            "starfray_tick_cpu_seconds_bucket",
            "starfray_tick_lateness_seconds_bucket",
            "starfray_ticks_skipped_total",
            "starfray_matches ",
            "starfray_players",
            "starfray_connections{transport=\"websocket\"}",
            "starfray_bytes_sent_total{transport=\"sse\"}",
            "starfray_bytes_received_total{transport=\"websocket\"}",
            "starfray_snapshots_sent_total",
            "starfray_snapshots_skipped_total",
            "starfray_disconnects_total{reason=\"silent\"}",
            "starfray_rejected_total{reason=\"origin_not_allowed\"}",
            "starfray_build_info{version=",
            "starfray_player_rtt_seconds_bucket{le=\"0.1\"}",
            "starfray_player_slack_ticks_bucket{le=\"-1\"}",
            "starfray_player_late_inputs_ratio_bucket",
            "starfray_client_figures_doubted_total{reason=\"impossible\"}",
        ] {
            assert!(text.contains(name), "{name} is missing in\n{text}");
        }
    }

    #[test]
    fn gauges_follow_lifetimes() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let text = recorder.handle();
        metrics::with_local_recorder(&recorder, || {
            let one = Counted::connection(Transport::Sse);
            assert!(text.render().contains("starfray_connections{transport=\"sse\"} 1"));
            drop(one);
            assert!(text.render().contains("starfray_connections{transport=\"sse\"} 0"));
        });
    }

    #[test]
    fn a_filter_without_sense_is_refused() {
        assert!(start_logging("server=nonsense", LogFormat::Text).is_err());
    }
}
