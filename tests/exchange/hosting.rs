//! The host's acts as everybody in the match sees them: pauses, removals, a lock, rights that go to somebody else.
//! Also what needs no host: players who do nothing make room, and phrases reach everybody.

use std::time::Duration;

use client_web::client::Controls;
use client_web::view::Happening;
use glam::Vec2;
use server::journal::header::{Header, Origin};
use server::journal::port::{Desk, Entry, Message, queue};
use server::journal::recorder::Recorder;
use server::matches::inbox::{Dismissal, HostAct, JoinError, MatchMessage, WrongPhase};
use shared::id::PlayerId;
use shared::protocol::{ClientMessage, CloseReason, PlayerEvent, ServerMessage};
use shared::world::Phase;
use tests::exchange::{Exchange, LINK_BYTES, Setup};
use tests::lane::Delay;
use tests::peer::{Peer, events};
use tests::steering::{hold, hunt, idle, wander};
use tokio::sync::oneshot;

fn phase(exchange: &Exchange) -> Phase {
    exchange.game.world().round.phase
}

fn act(exchange: &mut Exchange, act: HostAct) -> Result<(), WrongPhase> {
    let (reply, mut answer) = oneshot::channel();
    exchange.post(MatchMessage::Host(act, reply)).unwrap();
    exchange.tick();
    answer.try_recv().unwrap()
}

fn remove(exchange: &mut Exchange, player: PlayerId, dismissal: Dismissal) -> bool {
    let (reply, mut answer) = oneshot::channel();
    exchange.post(MatchMessage::Remove(player, dismissal, reply)).unwrap();
    exchange.ticks(2);
    answer.try_recv().unwrap()
}

#[test]
fn a_paused_world_stands_still_and_everybody_sees_it() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    for seed in 0..4 {
        exchange.player("Ann", Delay::default(), if seed == 0 { hunt() } else { wander(seed) }).unwrap();
    }
    exchange.seconds(6.0);
    assert_eq!(act(&mut exchange, HostAct::Pause), Ok(()));
    exchange.seconds(0.5);
    let places = |e: &Exchange| e.game.world().ships.iter().map(|s| s.motion.position).collect::<Vec<_>>();
    let (before, round) = (places(&exchange), exchange.game.world().round);
    assert_eq!(round.phase, Phase::Paused);
    let drawn = exchange.players[0].view.own.map(|own| own.position);
    exchange.seconds(20.0);
    assert_eq!((places(&exchange), exchange.game.world().round), (before.clone(), round));
    for player in &exchange.players {
        assert_eq!(player.view.phase, Phase::Paused);
        assert!(player.client.bye().is_none(), "links live on");
    }
    let now = exchange.players[0].view.own.map(|own| own.position);
    assert!(now.zip(drawn).is_none_or(|(now, drawn)| now.distance(drawn) < 1.0), "{drawn:?} {now:?}");
    assert!(act(&mut exchange, HostAct::Pause).is_err());
    let scores = |e: &Exchange| e.players[0].client.scores().iter().map(|s| s.score).collect::<Vec<_>>();
    let kept = scores(&exchange);
    assert_eq!(act(&mut exchange, HostAct::Resume), Ok(()));
    exchange.ticks(10);
    assert_eq!(scores(&exchange), kept, "a round that goes on keeps its scores");
    exchange.seconds(5.0);
    assert_ne!(places(&exchange), before);
    assert!(exchange.players[0].seen.contains(&Happening::Resumed));
    assert_eq!(exchange.game.world().round.ticks_left + 5 * 30 + 11, round.ticks_left);
}

#[test]
fn a_pause_ends_by_itself_when_the_host_forgets_it() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    exchange.player("Ann", Delay::default(), wander(1)).unwrap();
    exchange.seconds(1.0);
    act(&mut exchange, HostAct::Pause).unwrap();
    exchange.seconds(595.0);
    assert_eq!(phase(&exchange), Phase::Paused);
    assert!(exchange.until(10.0, |e| phase(e) == Phase::Playing));
}

#[test]
fn whoever_is_removed_hears_why() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut peer) = exchange.peer("Bob").unwrap();
    exchange.ticks(3);
    let words = "Language".to_owned();
    assert!(remove(&mut exchange, id, Dismissal { reason: CloseReason::Kicked, words: words.clone() }));
    let heard = peer.hear();
    assert_eq!(peer.closed, Some((4511, "kicked".to_owned())));
    let told = heard.iter().any(|m| matches!(m, ServerMessage::Bye(bye) if bye.words == words));
    assert!(told, "{heard:?}");
    assert!(exchange.game.world().pilot(id).is_none(), "the seat is free at once");
    assert!(!remove(&mut exchange, id, CloseReason::Kicked.into()));
}

#[test]
fn nobody_gets_into_a_locked_match_and_a_full_one() {
    let mut setup = Setup::on("lattice");
    setup.settings.max_players = Some(2);
    let mut exchange = Exchange::new(setup).unwrap();
    act(&mut exchange, HostAct::Lock(true)).unwrap();
    assert_eq!(exchange.join("Ann").unwrap(), Err(JoinError::Locked));
    exchange.seconds(0.3);
    assert!(exchange.status.load().locked);
    act(&mut exchange, HostAct::Lock(false)).unwrap();
    assert!(exchange.join("Ann").unwrap().is_ok() && exchange.join("Bob").unwrap().is_ok());
    assert_eq!(exchange.join("Cay").unwrap(), Err(JoinError::Full));
}

#[test]
fn the_new_host_is_told_on_their_link_and_on_the_next_one() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut heir) = exchange.peer("Heir").unwrap();
    let (_, mut other) = exchange.peer("Other").unwrap();
    // Nobody looks, and the rights come all the same.
    heir.say(&ClientMessage::Hidden(true));
    exchange.ticks(3);
    let (reply, mut answer) = oneshot::channel();
    exchange.post(MatchMessage::HandOver(id, (1, "secret".to_owned()), reply)).unwrap();
    exchange.ticks(3);
    assert!(answer.try_recv().unwrap());
    let token = PlayerEvent::HostToken("secret".to_owned());
    assert!(events(&heir.hear()).contains(&token) && !events(&other.hear()).contains(&token));
    let mut newer = Peer::over(exchange.attach(id, LINK_BYTES).unwrap());
    exchange.ticks(3);
    assert!(events(&newer.hear()).contains(&token), "a lost link takes no rights away");
    let (reply, mut answer) = oneshot::channel();
    exchange.post(MatchMessage::HandOver(id, (1, "late".to_owned()), reply)).unwrap();
    exchange.ticks(2);
    assert!(!answer.try_recv().unwrap(), "a turn counts once");
    assert_eq!(exchange.game.checkpoint().desk.host_turn, 1, "and over a restart");
}

#[test]
fn a_player_who_does_nothing_for_a_minute_makes_room() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let sleepy = exchange.player("Sleepy", Delay::default(), idle()).unwrap();
    let lively = exchange.player("Lively", Delay::default(), wander(1)).unwrap();
    let pushes = Controls { thrust: Vec2::X, ..Controls::default() };
    let pushing = exchange.player("Pushing", Delay::default(), hold(pushes)).unwrap();
    exchange.seconds(55.0);
    assert_eq!(exchange.game.world().pilots.len(), 3);
    assert!(exchange.until(8.0, |e| e.game.world().pilots.len() == 2));
    exchange.seconds(1.0);
    let bye = exchange.players[sleepy].client.bye().cloned().unwrap();
    assert_eq!((bye.code, bye.reason.as_str(), bye.retry_ms), (4513, "inactive", 0));
    for place in [lively, pushing] {
        assert!(exchange.players[place].client.bye().is_none());
    }
}

#[test]
fn phrases_reach_everybody_and_a_flood_of_them_does_not() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (id, mut talker) = exchange.peer("Talker").unwrap();
    let (_, mut other) = exchange.peer("Other").unwrap();
    exchange.ticks(3);
    drop(other.hear());
    let mut heard = Vec::new();
    for phrase in [7, 8, 255, 1, 2, 3, 4] {
        talker.say(&ClientMessage::Say(phrase));
        exchange.ticks(2);
        heard.extend(events(&other.hear()));
    }
    // What is no phrase counts too.
    let said: Vec<PlayerEvent> =
        heard.into_iter().filter(|event| matches!(event, PlayerEvent::Said(..))).collect();
    assert_eq!(said, [PlayerEvent::Said(id, 7)]);
    assert_eq!(talker.closed, None);
    for _ in 0..105 {
        exchange.tick();
        drop((talker.hear(), other.hear()));
    }
    talker.say(&ClientMessage::Say(2));
    exchange.ticks(2);
    assert!(events(&other.hear()).contains(&PlayerEvent::Said(id, 2)));
}

/// A match that is written down, and who hears of that.
fn written(setup: Setup) -> (Exchange, Desk) {
    let (port, desk) = queue();
    let origin = Origin { match_id: "a".into(), seed: 7, standing: false, hosted_at_ms: 0, feed_key: None };
    let header = Header::new(origin, &setup.settings.clone().check().unwrap());
    let recorder = Recorder::new(header, port, Duration::from_secs(5));
    (Exchange::with_journal(setup, Some(recorder), None).unwrap(), desk)
}

/// What the journal has heard since the last time, but for the ticks' own commands.
fn told(desk: &Desk) -> Vec<&'static str> {
    let word = |entry| match entry {
        Message::Entry(_, Entry::RoundOver(_)) => Some("round over"),
        Message::Entry(_, Entry::Close) => Some("close"),
        Message::Entry(_, Entry::Remove(_)) => Some("remove"),
        _ => None,
    };
    desk.queue.try_iter().filter_map(word).collect()
}

#[test]
fn nobody_holds_a_change_of_map_up_and_who_comes_too_soon_comes_again() {
    let mut setup = Setup::on("lattice");
    setup.settings.start = Some("host".to_owned());
    let (mut exchange, desk) = written(setup);
    let ((sly, sly_link), (ann, mut ann_link)) =
        (exchange.peer("Sly").unwrap(), exchange.peer("Ann").unwrap());
    exchange.ticks(3);
    assert_eq!(act(&mut exchange, HostAct::Move), Ok(()));
    let (tick, began) = (exchange.game.world().tick, exchange.now());
    ann_link.hear();
    assert_eq!(ann_link.closed, Some((1012, "going_away".to_owned())));
    // One never closes, and comes again and again.
    let mut kept = vec![sly_link];
    drop(ann_link);
    while !exchange.game.is_over() {
        kept.push(Peer::over(exchange.attach(sly, LINK_BYTES).unwrap()));
        let mut early = Peer::over(exchange.attach_spare(ann, LINK_BYTES).unwrap());
        assert_eq!(exchange.join("Late").unwrap(), Err(JoinError::Busy));
        early.hear();
        assert_eq!(early.closed, Some((1012, "going_away".to_owned())), "the seat is there later");
        assert!(exchange.now() <= began + Duration::from_secs(1), "it goes on for ever");
        exchange.ticks(3);
    }
    assert!(exchange.game.moves() && exchange.game.world().tick == tick, "nothing is played meanwhile");
    assert_eq!(told(&desk), ["close"]);
}

#[test]
fn a_change_of_map_waits_for_the_end_of_the_rounds_history_and_a_stop_overrules_it() {
    let mut setup = Setup::on("lattice");
    setup.settings.duration_s = Some(10);
    let (mut exchange, desk) = written(setup);
    let (_, link) = exchange.peer("Ann").unwrap();
    act(&mut exchange, HostAct::Move).unwrap();
    assert!(exchange.until(11.0, |e| phase(e) == Phase::Results));
    let began = exchange.now();
    assert_eq!(
        act(&mut exchange, HostAct::Rematch),
        Ok(()),
        "the next round is on the other map all the same"
    );
    assert!(exchange.until(8.0, |e| e.log.ended()));
    assert!(exchange.now() > began + Duration::from_secs(2), "whoever watches it again sees how it ended");
    assert_eq!((told(&desk), phase(&exchange)), (vec!["round over", "close"], Phase::Results));
    assert!(exchange.game.moves());
    exchange.post(MatchMessage::Stop).unwrap();
    exchange.seconds(1.1);
    drop(link);
    assert!(exchange.game.is_over() && !exchange.game.moves(), "the next process takes it up");
}

#[test]
fn whoever_comes_to_an_ended_match_hears_that_it_has_ended() {
    let mut exchange = Exchange::new(Setup::on("lattice")).unwrap();
    let (ann, link) = exchange.peer("Ann").unwrap();
    exchange.host(HostAct::End).unwrap();
    exchange.ticks(2);
    let mut late = Peer::over(exchange.attach(ann, LINK_BYTES).unwrap());
    assert_eq!(exchange.join("Late").unwrap(), Err(JoinError::Ended));
    late.hear();
    assert_eq!(late.closed, Some((4510, "match_ended".to_owned())));
    drop((link, late));
    assert!(exchange.until(0.5, |e| e.game.is_over()) && !exchange.game.moves());
}
