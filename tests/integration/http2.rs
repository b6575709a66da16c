//! HTTP/2: many feeds in one connection, each at its own pace, and a player without a WebSocket.

use std::time::{Duration, Instant};

use client_web::client::Client;
use http_body_util::BodyExt;
use serde_json::json;
use server::config::layer::Layer;
use shared::length_prefix::{MessageReader, put_message};
use tests::feed::FeedReader;
use tests::feed_ways::{Way, WayReader};
use tests::http::{host, metric};
use tests::http2::{Http2, Http2Feed};
use tests::patience::wait_for;
use tests::server::Server;
use tests::tls::{Certificate, Tunnel};
use tokio::runtime::Runtime;

const SOON: Duration = Duration::from_secs(10);

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn open(url: &str, transport: &str) -> f64 {
    metric(url, &format!("starfray_connections{{transport=\"{transport}\"}}")).unwrap().unwrap_or(-1.0)
}

/// Reads up to the event `seq`; what the reader holds then.
async fn read_to(feed: &mut Http2Feed, seq: u64) -> FeedReader {
    let mut reader = FeedReader::default();
    while reader.cursor.is_none_or(|cursor| cursor.seq < seq) {
        let event = tokio::time::timeout(SOON, feed.next()).await.unwrap().unwrap().unwrap();
        reader.take(&event).unwrap_or_else(|error| panic!("{error}"));
    }
    reader
}

#[test]
fn fifty_feeds_in_one_connection_tell_what_event_source_tells() {
    let certificate = Certificate::new().unwrap();
    let mut server = Server::with(certificate.layer()).unwrap();
    let (runtime, address) = (runtime(), server.address);
    let mut connection = runtime.block_on(Http2::connect(address, &certificate)).unwrap();
    let tunnel = Tunnel::open(address, certificate).unwrap();
    let id = host(&tunnel.url(""), &json!({"bots": 6})).unwrap().word("id").unwrap();
    let mut beside = WayReader::open(tunnel.address, &id, Way::Sse, "").unwrap();
    let mut truth = FeedReader::default();
    runtime.block_on(async {
        let mut feeds = Vec::new();
        for _ in 0..50 {
            feeds.push(connection.feed(&id).await.unwrap());
        }
        let mut states = Vec::new();
        for feed in &mut feeds {
            states.push(read_to(feed, 40).await);
        }
        while truth.cursor.is_none_or(|cursor| cursor.seq < 40) {
            truth.take(&beside.next(SOON).unwrap().unwrap()).unwrap();
        }
        assert!(truth.hello.is_some());
        for reader in states {
            assert_eq!((reader.cursor, reader.state), (truth.cursor, truth.state.clone()));
        }
        assert_eq!((open(&tunnel.url(""), "http2"), open(&tunnel.url(""), "sse")), (1.0, 51.0));
        drop(feeds.split_off(10));
        wait_for("forty to be gone", SOON, || Ok((open(&tunnel.url(""), "sse") == 11.0).then_some(())))
            .unwrap();
        server.ask_to_stop();
        for mut feed in feeds {
            let mut last = None;
            while let Ok(Ok(Some(event))) = tokio::time::timeout(SOON, feed.next()).await {
                last = Some(event);
            }
            let last = last.unwrap();
            assert!(last.name == "bye" && last.data.contains("going_away"), "{last:?}");
        }
    });
}

#[test]
fn a_reader_that_stops_is_reset_and_holds_up_no_other_of_its_connection() {
    let server = Server::with(Layer { public_matches: Some(0), ..Layer::default() }).unwrap();
    let settings = json!({"bots": 60, "map": "open", "max_players": 60});
    let id = host(&server.url(""), &settings).unwrap().word("id").unwrap();
    runtime().block_on(async {
        let mut connection = Http2::connect_plain(server.address).await.unwrap();
        let mut stopped = connection.feed(&id).await.unwrap();
        let mut going = connection.feed(&id).await.unwrap();
        let both = || Ok((open(&server.url(""), "sse") > 1.0).then_some(()));
        wait_for("both to be counted", SOON, both).unwrap();
        let (mut reader, began) = (FeedReader::default(), Instant::now());
        let (mut last, mut gap) = (Instant::now(), Duration::ZERO);
        while open(&server.url(""), "sse") > 1.0 {
            assert!(began.elapsed() < Duration::from_secs(60), "it was never let go");
            let event = tokio::time::timeout(SOON, going.next()).await.unwrap().unwrap().unwrap();
            reader.take(&event).unwrap();
            gap = gap.max(last.elapsed());
            last = Instant::now();
        }
        assert!(gap < Duration::from_secs(1), "{gap:?}");
        assert!(began.elapsed() > Duration::from_secs(10), "{:?}", began.elapsed());
        // Its stream is reset too, so that it takes nobody's place; the other one stays.
        let reset = "starfray_rejected_total{reason=\"unread_response\"}";
        while metric(&server.url(""), reset).unwrap() != Some(1.0) {
            assert!(began.elapsed() < Duration::from_secs(60), "it was never reset");
            assert!(tokio::time::timeout(SOON, going.next()).await.unwrap().unwrap().is_some());
        }
        let end = async { while stopped.next().await.is_ok_and(|event| event.is_some()) {} };
        tokio::time::timeout(SOON, end).await.unwrap();
        assert!(stopped.next().await.is_err() || stopped.next().await.unwrap().is_none());
        assert!(tokio::time::timeout(SOON, going.next()).await.unwrap().unwrap().is_some());
    });
}

#[test]
fn an_answer_of_which_one_byte_is_taken_is_reset_like_one_that_is_not_read() {
    let server = Server::with(Layer { public_matches: Some(0), ..Layer::default() }).unwrap();
    runtime().block_on(async {
        let mut connection = Http2::connect_narrow(server.address, 1).await.unwrap();
        let (mut unread, began) = (Vec::new(), Instant::now());
        for _ in 0..20 {
            unread.push(connection.send("GET", "/api/maps", &[], Vec::new()).await.unwrap());
        }
        let length: usize =
            unread[0].headers()["content-length"].to_str().unwrap().parse().expect("it is a whole answer");
        assert!(length > 4096, "{length} bytes");
        let reset = "starfray_rejected_total{reason=\"unread_response\"}";
        while metric(&server.url(""), reset).unwrap() != Some(20.0) {
            assert!(began.elapsed() < Duration::from_secs(30), "they were never reset");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert!(began.elapsed() > Duration::from_secs(14), "{:?}", began.elapsed());
        for answer in unread {
            assert!(answer.into_body().collect().await.is_err(), "nothing of it is kept");
        }
        let mut wide = Http2::connect_plain(server.address).await.unwrap();
        let answer = wide.send("GET", "/api/maps", &[], Vec::new()).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), length);
    });
}

#[test]
fn somebody_plays_over_streams_in_one_connection() {
    let certificate = Certificate::new().unwrap();
    let server = Server::with(certificate.layer()).unwrap();
    runtime().block_on(async {
        let mut connection = Http2::connect(server.address, &certificate).await.unwrap();
        let (status, hosted) = connection.json("POST", "/api/matches", &[], "{}").await.unwrap();
        assert_eq!(status, 201, "{hosted}");
        let path = format!("/api/matches/{}", hosted["id"].as_str().unwrap());
        let (_, seat) =
            connection.json("POST", &format!("{path}/join"), &[], "{\"name\":\"Ann\"}").await.unwrap();
        let base = seat["url"].as_str().unwrap();
        assert_eq!(base, format!("https://localhost:{}", server.address.port()));
        let bearer = format!("Bearer {}", seat["token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("origin", base)];
        let answer = connection.send("GET", &format!("{path}/stream"), &headers, Vec::new()).await.unwrap();
        assert_eq!(answer.status(), 200);
        let (mut body, began) = (answer.into_body(), Instant::now());
        let (mut client, mut messages) = (Client::new(), MessageReader::default());
        let now_ms = || began.elapsed().as_secs_f64() * 1000.0;
        client.link_opened(now_ms());
        while client.view(now_ms()).own.is_none() || now_ms() < 2000.0 {
            assert!(began.elapsed() < SOON, "no ship");
            let frame = tokio::time::timeout(SOON, body.frame()).await.unwrap().unwrap().unwrap();
            let mut whole = Vec::new();
            let bytes = frame.into_data().unwrap();
            messages.read(&bytes, 1 << 20, |message| whole.push(message.to_vec())).unwrap();
            let mut posted = Vec::new();
            for message in whole {
                if message.is_empty() {
                    put_message(&[], &mut posted);
                } else {
                    client.receive(&message, now_ms()).unwrap();
                }
            }
            client.advance(now_ms());
            while let Some(message) = client.poll_send() {
                put_message(&message, &mut posted);
            }
            let path = format!("{path}/input");
            let answer = connection.send("POST", &path, &headers, posted).await.unwrap();
            assert_eq!(answer.status(), 204);
        }
        let strange = [("authorization", bearer.as_str()), ("origin", "http://localhost")];
        let answer = connection.send("GET", &format!("{path}/stream"), &strange, Vec::new()).await.unwrap();
        assert_eq!(answer.status(), 403, "a page of http is none of https");
        let answer = connection.send("GET", &format!("{path}/ws"), &headers, Vec::new()).await.unwrap();
        assert_eq!(answer.status(), 426, "a WebSocket needs a connection of HTTP/1.1");
    });
}
