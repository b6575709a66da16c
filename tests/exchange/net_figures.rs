//! How players' links do, as the host is shown it: what the server measures, and what clients tell. And a playground's
//! network, which comes and goes inside the server.

use serde_json::{Value, json};
use server::conditions::RawConditions;
use server::matches::inbox::MatchMessage;
use shared::link_profile::{LinkProfile, MOBILE};
use shared::protocol::{ClientFigures, ClientMessage};
use tests::exchange::{Exchange, Setup};
use tests::lane::Delay;
use tests::road::Traveller;
use tests::steering::wander;

/// The net figures of the first player, as the host's JSON has them; null if there are none.
fn net(exchange: &Exchange) -> Value {
    let status = exchange.status.load();
    let public = serde_json::to_value(&**status).unwrap();
    assert_eq!(public["players"][0].get("net"), None, "the public picture says nothing of links");
    serde_json::to_value(status.for_host()).unwrap()["players"][0]["net"].clone()
}

#[test]
fn the_host_sees_how_a_link_does() {
    let mut exchange = Exchange::new(Setup::on("open")).unwrap();
    let still = LinkProfile { losses: None, ..MOBILE };
    let mut traveller = Traveller::join(&mut exchange, &still, 3, wander(1)).unwrap();
    let mut live = |exchange: &mut Exchange, ticks| {
        for _ in 0..ticks {
            exchange.tick();
            traveller.live(exchange.now_ms(), exchange.now_ms() + 1000.0 / 30.0);
        }
    };
    live(&mut exchange, 120);
    assert_eq!(net(&exchange), Value::Null, "the first window is still open");
    live(&mut exchange, 600);
    let net = net(&exchange);
    let number = |key: &str| net[key].as_f64().unwrap_or_else(|| panic!("{key} in {net}"));
    assert!((80.0..220.0).contains(&number("rtt_ms")), "{net}");
    assert!((1.0..40.0).contains(&number("jitter_ms")), "{net}");
    assert!((34.0..200.0).contains(&number("interpolation_delay_ms")), "{net}");
    assert!((200.0..20_000.0).contains(&number("bytes_per_s")), "{net}");
    assert!(number("late_inputs") < 30.0 && number("missing_inputs") < 30.0, "{net}");
    assert_eq!(net["skipped_snapshots"], json!(0), "{net}");
    assert!(net["slack_ticks"].is_number() && net["underruns"].is_number(), "{net}");
}

#[test]
fn a_hostile_client_s_word_is_bounded() {
    let mut exchange = Exchange::new(Setup::on("open")).unwrap();
    let (_, mut peer) = exchange.peer("Eve").unwrap();
    let lie = ClientFigures {
        jitter_ms: u16::MAX,
        interpolation_delay_ms: u16::MAX,
        underruns: u16::MAX,
        correction_tenths: u16::MAX,
    };
    for tick in 0..200 {
        exchange.tick();
        peer.receive();
        peer.say(&ClientMessage::Figures(if tick == 9 { lie } else { ClientFigures::default() }));
    }
    assert_eq!(peer.close_code(), None, "it talks much, not too much");
    let net = net(&exchange);
    assert!(
        net["jitter_ms"].as_u64() <= Some(5000) && net["correction_units"].as_f64() <= Some(1000.0),
        "{net}"
    );
}

#[test]
fn a_playground_has_the_network_that_was_asked_for_and_ends_when_left() {
    let mut exchange = Exchange::new(Setup::on("open")).unwrap();
    let conditions = |delay_ms| RawConditions { delay_ms, ..RawConditions::default() }.check().unwrap();
    exchange.post(MatchMessage::Conditions(conditions(0))).unwrap();
    let place = exchange.player("Ann", Delay::default(), wander(1)).unwrap();
    exchange.seconds(8.0);
    let rtt = |exchange: &Exchange| exchange.players[place].client.instruments().rtt_ms;
    assert!(rtt(&exchange) <= 70, "{} ms", rtt(&exchange));
    exchange.post(MatchMessage::Conditions(conditions(200))).unwrap();
    exchange.seconds(8.0);
    assert!((200..=300).contains(&rtt(&exchange)), "{} ms", rtt(&exchange));
    assert!(exchange.players[place].client.instruments().mismatches == 0);
    exchange.post(MatchMessage::Conditions(conditions(0))).unwrap();
    exchange.seconds(8.0);
    assert!(rtt(&exchange) <= 70, "{} ms", rtt(&exchange));

    let now_ms = exchange.now_ms();
    exchange.players[place].drop_link(now_ms);
    exchange.seconds(35.0);
    assert!(!exchange.game.is_over(), "the seat is kept for a while");
    exchange.seconds(10.0);
    assert!(exchange.game.is_over());
}
