//! What goes over the wire: written and read back it is the same, numbers stay within their error bounds, and no
//! bytes of a stranger make a reader panic.

use glam::Vec2;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::codec::{Packed, decode, encode};
use shared::event::CoreDeed;
use shared::id::{PlayerId, ShotId};
use shared::input::ShipInput;
use shared::mode::{Mode, Team};
use shared::name::PlayerName;
use shared::protocol::{
    Bye, CLIENT_MESSAGE_BYTES_MAX, ClientMessage, CoreNews, InputMessage, Nothing, PROTOCOL_VERSION,
    PlayerEvent, RosterPage, ServerMessage, Standing, Welcome,
};
use shared::record::{Head, Reader, ShipRecord, ShotRecord};
use shared::replica::Replica;
use shared::rule_book::{Arms, RuleBook, Weapon};
use shared::rules::Rules;
use shared::snapshot::{InputReport, Kit};
use shared::tick::{Rewind, Tick, TickRate};
use shared::world::{Hull, Motion, Phase, Pilot, Round};

fn input() -> impl Strategy<Value = ShipInput> {
    any::<[u8; 5]>().prop_map(ShipInput::from_bytes)
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (any::<u32>(), any::<u16>(), any::<u32>(), prop::collection::vec(input(), 0..=8)).prop_map(
            |(ack, lag, first, inputs)| {
                ClientMessage::Input(InputMessage::new(Tick(ack), lag, Tick(first), &inputs))
            }
        ),
        Just(ClientMessage::Leave(Nothing())),
        Just(ClientMessage::Keyframe(Nothing())),
        any::<u32>().prop_map(ClientMessage::Ping),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    let phase = prop::sample::select(vec![
        Phase::Lobby,
        Phase::Playing,
        Phase::Results,
        Phase::Ended,
        Phase::Countdown,
        Phase::Paused,
    ]);
    (any::<u16>(), phase, any::<u32>()).prop_map(|(number, phase, ticks_left)| Round {
        number,
        phase,
        ticks_left,
    })
}

fn pilot() -> impl Strategy<Value = Pilot> {
    (any::<u16>(), ".*", 0..4_u8, any::<(bool, bool)>(), any::<(u16, u16)>()).prop_map(
        |(id, name, hull, (bot, limbo), (score, deaths))| Pilot {
            id: PlayerId(id),
            name: PlayerName::sanitise(&name),
            hull: Hull::from(hull),
            bot,
            limbo,
            score,
            deaths,
            team: Team::Azure,
        },
    )
}

fn event() -> impl Strategy<Value = PlayerEvent> {
    let id = || any::<u16>().prop_map(PlayerId);
    prop_oneof![
        pilot().prop_map(|p| PlayerEvent::Joined(p.id, p.name, p.hull, p.bot, p.team)),
        id().prop_map(PlayerEvent::Left),
        (id(), any::<bool>()).prop_map(|(id, lost)| PlayerEvent::Limbo(id, lost)),
        (id(), id()).prop_map(|(victim, by)| PlayerEvent::Killed(victim, by)),
        (id(), id(), 0..=100_u8).prop_map(|(victim, by, left)| PlayerEvent::Hit(victim, by, left)),
        (id(), any::<[i32; 4]>()).prop_map(|(by, [x, y, u, v])| PlayerEvent::Beam(by, (x, y), (u, v))),
        round().prop_map(PlayerEvent::Round),
        prop::collection::vec((id(), any::<(u16, u16)>()), 0..9).prop_map(|rows| {
            let standing = |(player, (score, deaths))| Standing { player, score, deaths };
            PlayerEvent::Scores(rows.into_iter().map(standing).collect())
        }),
        any::<u16>().prop_map(PlayerEvent::Place),
        any::<(u16, u16)>().prop_map(|(azure, amber)| PlayerEvent::TeamScores(azure, amber)),
        (id(), 0..4_u8).prop_map(|(id, team)| PlayerEvent::Teamed(id, Team::from(team))),
        (id(), any::<(i32, i32)>()).prop_map(|(by, place)| PlayerEvent::Blast(by, place)),
        (prop::option::of(id()), any::<(i32, i32)>()).prop_map(|(by, place)| PlayerEvent::Core(CoreNews(
            Team::Azure,
            CoreDeed::Taken,
            by,
            place
        ))),
    ]
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let map = prop::sample::select(server::maps::names());
    (map, any::<(u16, u32, u32, u32)>(), 10..=60_u32, pilot(), round()).prop_map(
        |(map, (player, generation, tick, rules_hash), hz, pilot, round)| Welcome {
            protocol: PROTOCOL_VERSION,
            match_id: "k3v9".to_owned(),
            match_name: map.to_owned(),
            player: PlayerId(player),
            generation,
            tick: Tick(tick),
            rate: TickRate::new(hz).unwrap(),
            round_ticks: tick,
            mode: Mode::Ffa,
            goal: 0,
            rules: RuleBook::STANDARD,
            rules_hash,
            arena: server::maps::find(map).unwrap().arena(100),
            pilot,
            round,
            team_scores: vec![3, 4],
            cores: vec![CoreNews(Team::Amber, CoreDeed::Dropped, None, (-7, 900))],
        },
    )
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600).prop_map(|bytes| ServerMessage::Snapshot(Packed(bytes))),
        (any::<u32>(), prop::collection::vec(event(), 0..20))
            .prop_map(|(t, e)| ServerMessage::Events(Tick(t), e)),
        any::<u32>().prop_map(ServerMessage::Pong),
        (any::<(u16, u16)>(), prop::collection::vec(pilot(), 0..20)).prop_map(|((first, last), pilots)| {
            ServerMessage::Roster(RosterPage { first: PlayerId(first), last: PlayerId(last), pilots })
        }),
        (any::<(u16, u32)>(), ".*").prop_map(|((code, retry_ms), reason)| {
            ServerMessage::Bye(Bye { code, reason, retry_ms, words: String::new() })
        }),
        welcome().prop_map(|w| ServerMessage::Welcome(Box::new(w))),
    ]
}

fn vector(max: f32) -> impl Strategy<Value = Vec2> {
    (-max..=max, -max..=max).prop_map(Vec2::from)
}

fn motion() -> impl Strategy<Value = Motion> {
    (vector(8000.0), vector(640.0), any::<(u16, u16)>()).prop_map(
        |(position, velocity, (dash_ticks, dash_energy))| Motion {
            position,
            velocity,
            dash_ticks,
            dash_energy,
        },
    )
}

fn ship_record() -> impl Strategy<Value = ShipRecord> {
    let thrust = proptest::option::of(input().prop_map(|i| i.thrust));
    (any::<(Option<u8>, Option<u8>, Option<u8>, bool)>(), thrust, proptest::option::of(motion())).prop_map(
        |((aim, hull_points, state, gone), thrust, motion)| ShipRecord {
            aim,
            thrust,
            hull_points,
            state,
            motion,
            gone,
        },
    )
}

fn shot_record() -> impl Strategy<Value = ShotRecord> {
    (any::<(u16, u16, u16, u8)>(), proptest::option::of(vector(8000.0))).prop_map(
        |((id, owner, angle, flown), position)| ShotRecord {
            id: ShotId(id),
            owner: PlayerId(owner),
            angle: Angle(angle),
            flown: if position.is_some() { Rewind(0) } else { Rewind(flown) },
            position,
        },
    )
}

fn head() -> impl Strategy<Value = Head> {
    let phase = prop::sample::select(vec![
        Phase::Lobby,
        Phase::Playing,
        Phase::Results,
        Phase::Ended,
        Phase::Countdown,
        Phase::Paused,
    ]);
    let signed = || proptest::option::of(-127..=127_i8);
    let report = (proptest::option::of(0..255_u8), signed(), any::<u8>(), signed()).prop_map(
        |(applied_ago, received_ahead, waiting, slack)| InputReport {
            applied_ago,
            received_ahead,
            waiting,
            slack,
        },
    );
    (any::<(u32, u8)>(), phase, report, any::<[u8; 4]>(), any::<(Option<u32>, Option<(u8, u8)>, bool)>())
        .prop_map(|((tick, since), phase, report, waits, (checksum, kit, things))| Head {
            tick: Tick(tick),
            phase,
            since,
            report,
            fire_wait_ticks: waits[0],
            guard_ticks: waits[1],
            respawn_ticks: waits[2],
            second_wait_ticks: waits[3],
            checksum,
            kit: kit.map(|(charges, shield_points)| Kit {
                arms: Arms { weapon: Weapon::Scatter, charges },
                shield_points,
            }),
            things,
        })
}

fn replica() -> Replica {
    Replica::new(PlayerId(1), Arena::open(16), Rules::new(TickRate::DEFAULT, 1000))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn client_messages_read_back_the_same(message in client_message()) {
        let bytes = encode(&message).unwrap();
        prop_assert!(bytes.len() <= CLIENT_MESSAGE_BYTES_MAX);
        prop_assert_eq!(decode::<ClientMessage>(&bytes, CLIENT_MESSAGE_BYTES_MAX).unwrap(), message);
    }

    #[test]
    fn server_messages_read_back_the_same(message in server_message()) {
        let bytes = encode(&message).unwrap();
        prop_assert_eq!(decode::<ServerMessage>(&bytes, 1 << 20).unwrap(), message);
    }

    #[test]
    fn records_read_back_the_same(
        head in head(),
        ships in prop::collection::vec((any::<u16>(), ship_record()), 0..9),
        shots in prop::collection::vec(shot_record(), 0..9),
    ) {
        let mut bytes = Vec::new();
        head.put(&mut bytes);
        ships.iter().for_each(|(id, record)| record.put(PlayerId(*id), &mut bytes));
        shots.iter().for_each(|record| record.put(&mut bytes));
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.head().unwrap(), head);
        for (id, record) in &ships {
            prop_assert_eq!(reader.ship().unwrap(), (PlayerId(*id), *record));
        }
        for record in &shots {
            prop_assert_eq!(reader.shot(record.position.is_some()).unwrap(), *record);
        }
        prop_assert!(reader.end().is_ok());
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        // Whether it is an error is not the question; that there is an answer is.
        let _ = decode::<ClientMessage>(&bytes, CLIENT_MESSAGE_BYTES_MAX);
        let _ = decode::<ServerMessage>(&bytes, CLIENT_MESSAGE_BYTES_MAX);
        let _ = replica().apply(&bytes);
        // A keyframe's head in front lets the bytes get further.
        let mut longer = Vec::new();
        Head::default().put(&mut longer);
        longer.extend(&bytes);
        let mut replica = replica();
        let _ = replica.apply(&longer);
        let _ = replica.apply(&bytes);
    }

    #[test]
    fn a_changed_byte_never_makes_a_reader_panic(message in server_message(), place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = encode(&message).unwrap();
        *place.get_mut(&mut bytes) = byte;
        let _ = decode::<ServerMessage>(&bytes, 1 << 20);
        let _ = decode::<ClientMessage>(&bytes, 1 << 20);
    }

    #[test]
    fn the_real_client_survives_anything(messages in prop::collection::vec((server_message(), any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..12)) {
        let mut client = client_web::client::Client::new();
        client.link_opened(0.0);
        for (i, (message, place, byte, spoil)) in messages.into_iter().enumerate() {
            let mut bytes = encode(&message).unwrap();
            if spoil {
                *place.get_mut(&mut bytes) = byte;
            }
            let now_ms = i as f64 * 16.7;
            let _ = client.receive(&bytes, now_ms);
            client.advance(now_ms);
            while client.poll_send().is_some() {}
            let view = client.view(now_ms);
            prop_assert!(view.camera.is_finite());
        }
    }
}

#[test]
fn other_rules_have_another_hash() {
    let rules = |hz, round_ms| Rules::new(TickRate::new(hz).unwrap(), round_ms).hash();
    assert_ne!(rules(30, 600_000), rules(60, 600_000));
    assert_ne!(rules(30, 600_000), rules(30, 300_000));
    assert_eq!(rules(30, 600_000), rules(30, 600_000));
}

#[test]
fn sizes_are_pinned() {
    let head = |checksum| {
        let mut bytes = Vec::new();
        Head { checksum, ..Head::default() }.put(&mut bytes);
        bytes.len()
    };
    assert_eq!((head(None), head(Some(7))), (14, 18));
    let ship = |id, record: ShipRecord| {
        let mut bytes = Vec::new();
        record.put(PlayerId(id), &mut bytes);
        bytes.len()
    };
    let none = ShipRecord::default();
    let thrust = Some(ShipInput::default().thrust);
    assert_eq!(ship(7, ShipRecord { aim: Some(1), ..none }), 3);
    assert_eq!(ship(7, ShipRecord { thrust, ..none }), 4);
    assert_eq!(ship(7, ShipRecord { gone: true, ..none }), 2);
    let whole = ShipRecord {
        aim: Some(1),
        thrust,
        hull_points: Some(100),
        state: Some(0),
        motion: Some(Motion::default()),
        gone: false,
    };
    assert_eq!((ship(7, whole), ship(700, whole)), (27, 28));
    let shot = |position| {
        let mut bytes = Vec::new();
        let record =
            ShotRecord { id: ShotId(1), owner: PlayerId(7), angle: Angle(1), flown: Rewind(0), position };
        record.put(&mut bytes);
        bytes.len()
    };
    assert_eq!((shot(None), shot(Some(Vec2::ZERO))), (6, 13));
    let input = InputMessage::new(Tick(100_000), 20, Tick(100_003), &[ShipInput::default()]);
    assert_eq!(encode(&ClientMessage::Input(input)).unwrap().len(), 22);
}
