//! What goes over the wire: written and read back it is the same, numbers stay within their error bounds, and no
//! bytes of a stranger make a reader panic.

use glam::Vec2;
use proptest::prelude::*;
use shared::angle::Angle;
use shared::arena::Arena;
use shared::codec::{Packed, decode, encode};
use shared::id::{PlayerId, ShotId};
use shared::input::ShipInput;
use shared::name::PlayerName;
use shared::protocol::{Bye, CLIENT_MESSAGE_BYTES_MAX, ClientMessage, InputMessage, Nothing, PlayerEvent, ServerMessage, Welcome};
use shared::quantise::{PositionGrid, VELOCITY_STEP};
use shared::rules::Rules;
use shared::snapshot::{InputReport, OwnShip, Snapshot, pack_head, pack_ship, pack_shot, unpack};
use shared::tick::{Tick, TickRate};
use shared::world::{Hull, Motion, Phase, Pilot, Round, Ship, Shot, World};

fn arena_of(side: u32) -> Arena {
    Arena::open(side)
}

fn input() -> impl Strategy<Value = ShipInput> {
    any::<[u8; 5]>().prop_map(ShipInput::from_bytes)
}

fn client_message() -> impl Strategy<Value = ClientMessage> {
    prop_oneof![
        (any::<u32>(), any::<u16>(), any::<u32>(), prop::collection::vec(input(), 1..=8)).prop_map(
            |(ack, lag, first, inputs)| {
                ClientMessage::Input(InputMessage::new(Tick(ack), lag, Tick(first), &inputs))
            }
        ),
        Just(ClientMessage::Leave(Nothing())),
        any::<u32>().prop_map(ClientMessage::Ping),
    ]
}

fn round() -> impl Strategy<Value = Round> {
    let phase = prop::sample::select(vec![Phase::Lobby, Phase::Playing, Phase::Results, Phase::Ended]);
    (any::<u16>(), phase, any::<u32>()).prop_map(|(number, phase, ticks_left)| Round { number, phase, ticks_left })
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
        },
    )
}

fn event() -> impl Strategy<Value = PlayerEvent> {
    let id = || any::<u16>().prop_map(PlayerId);
    prop_oneof![
        pilot().prop_map(|p| PlayerEvent::Joined(p.id, p.name, p.hull, p.bot)),
        id().prop_map(PlayerEvent::Left),
        (id(), any::<bool>()).prop_map(|(id, lost)| PlayerEvent::Limbo(id, lost)),
        (id(), id()).prop_map(|(victim, by)| PlayerEvent::Killed(victim, by)),
        (id(), id(), 0..=100_u8).prop_map(|(victim, by, left)| PlayerEvent::Hit(victim, by, left)),
        round().prop_map(PlayerEvent::Round),
    ]
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let map = prop::sample::select(server::maps::names());
    (map, any::<(u16, u32, u32, u32)>(), 10..=60_u32, prop::collection::vec(pilot(), 0..20), round()).prop_map(
        |(map, (player, generation, tick, rules_hash), hz, pilots, round)| Welcome {
            protocol: 1,
            match_id: "k3v9".to_owned(),
            match_name: map.to_owned(),
            player: PlayerId(player),
            generation,
            tick: Tick(tick),
            rate: TickRate::new(hz).unwrap(),
            round_ticks: tick,
            rules_hash,
            arena: server::maps::find(map).unwrap().arena(100),
            pilots,
            round,
        },
    )
}

fn server_message() -> impl Strategy<Value = ServerMessage> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600).prop_map(|bytes| ServerMessage::Snapshot(Packed(bytes))),
        (any::<u32>(), prop::collection::vec(event(), 0..20)).prop_map(|(t, e)| ServerMessage::Events(Tick(t), e)),
        any::<u32>().prop_map(ServerMessage::Pong),
        (any::<(u16, u32)>(), ".*").prop_map(|((code, retry_ms), reason)| {
            ServerMessage::Bye(Bye { code, reason, retry_ms })
        }),
        welcome().prop_map(|w| ServerMessage::Welcome(Box::new(w))),
    ]
}

fn ship(half: f32) -> impl Strategy<Value = (Ship, Pilot)> {
    let place = (-half..=half, -half..=half).prop_map(Vec2::from);
    let velocity = (-640.0_f32..=640.0, -640.0_f32..=640.0).prop_map(|v| Vec2::from(v).clamp_length_max(640.0));
    (place, velocity, pilot(), input(), any::<[u16; 4]>(), 0..=100_u8).prop_map(
        |(position, velocity, pilot, input, timers, hull_points)| {
            let [dash_ticks, dash_energy, fire_wait_ticks, guard_ticks] = timers;
            let motion = Motion { position, velocity, dash_ticks, dash_energy };
            let ship = Ship {
                id: pilot.id,
                motion,
                input,
                hull_points,
                fire_wait_ticks,
                guard_ticks,
                respawn_ticks: 0,
            };
            (ship, pilot)
        },
    )
}

fn shot(half: f32) -> impl Strategy<Value = Shot> {
    let place = (-half..=half, -half..=half).prop_map(Vec2::from);
    (any::<(u16, u16, u16, u32)>(), place).prop_map(|((id, owner, angle, born), position)| Shot {
        id: ShotId(id),
        owner: PlayerId(owner),
        origin: position,
        angle: Angle(angle),
        born: Tick(born),
        position,
        velocity: Angle(angle).direction(),
    })
}

/// The side of [`Arena::open`] for so many players, halved.
fn half_of(players: u32) -> f32 {
    arena_of(players).half().x
}

type Scene = (u32, Vec<(Ship, Pilot)>, Vec<Shot>, u32, InputReport);

fn scene() -> impl Strategy<Value = Scene> {
    let report = (0..255_u8, -127..=127_i8, any::<(u8, i8, u16)>()).prop_map(|(ago, ahead, (waiting, slack, rtt))| {
        InputReport {
            applied_ago: Some(ago),
            received_ahead: Some(ahead),
            waiting,
            slack_ticks: slack,
            rtt_ms: rtt,
        }
    });
    prop::sample::select(vec![4, 60, 400, 700, 2000]).prop_flat_map(move |players| {
        let ships = prop::collection::vec(ship(half_of(players)), 1..12);
        let shots = prop::collection::vec(shot(half_of(players)), 0..12);
        (Just(players), ships, shots, any::<u32>(), report.clone())
    })
}

/// Packs a snapshot as the server does: the first ship's own, the others as records.
fn pack(world: &World, ships: &[(Ship, Pilot)], report: InputReport, grid: &PositionGrid) -> Vec<u8> {
    let mut bytes = pack_head(world, &OwnShip::from(&ships[0].0), report, (ships.len() - 1) as u8).to_vec();
    ships[1..].iter().for_each(|(ship, pilot)| bytes.extend(pack_ship(ship, pilot, grid)));
    bytes.push(world.shots.len() as u8);
    world.shots.iter().for_each(|shot| bytes.extend(pack_shot(shot, grid)));
    bytes
}

fn check_others(snapshot: &Snapshot, ships: &[(Ship, Pilot)], shots: &[Shot], step: f32) {
    // Half a step, and what a 32-bit number of that size cannot tell apart.
    let bound = step / 2.0 + 0.001;
    for (seen, (real, pilot)) in snapshot.ships.iter().zip(&ships[1..]) {
        assert_eq!((seen.id, seen.hull_points), (real.id, real.hull_points));
        assert!((seen.position - real.motion.position).abs().max_element() <= bound);
        assert!((seen.velocity - real.motion.velocity).abs().max_element() <= VELOCITY_STEP / 2.0 + 0.001);
        assert!(seen.aim.turn_to(real.input.aim).unsigned_abs() <= 128);
        assert_eq!((seen.limbo, seen.guarded), (pilot.limbo, real.guard_ticks > 0 || pilot.limbo));
        assert_eq!(seen.dashing, real.motion.dash_ticks > 0);
    }
    for (seen, real) in snapshot.shots.iter().zip(shots) {
        assert_eq!((seen.id, seen.owner, seen.angle), (real.id, real.owner, real.angle));
        assert!((seen.position - real.position).abs().max_element() <= bound);
    }
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
    fn snapshots_read_back_within_their_bounds((players, ships, shots, tick, report) in scene()) {
        let grid = PositionGrid::new(&arena_of(players));
        let mut world = World::new(1);
        world.tick = Tick(tick);
        world.shots = shots;
        let bytes = pack(&world, &ships, report, &grid);
        let snapshot = unpack(&bytes, &grid).unwrap();
        prop_assert_eq!(snapshot.tick, world.tick);
        prop_assert_eq!(snapshot.report, report);
        prop_assert_eq!(snapshot.own, OwnShip::from(&ships[0].0));
        prop_assert_eq!((snapshot.ships.len(), snapshot.shots.len()), (ships.len() - 1, world.shots.len()));
        check_others(&snapshot, &ships, &world.shots, grid.step());
        for cut in 0..bytes.len() {
            prop_assert!(unpack(&bytes[..cut], &grid).is_err(), "cut at {}", cut);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let grid = PositionGrid::new(&arena_of(16));
        // Whether it is an error is not the question; that there is an answer is.
        let _ = decode::<ClientMessage>(&bytes, CLIENT_MESSAGE_BYTES_MAX);
        let _ = decode::<ServerMessage>(&bytes, CLIENT_MESSAGE_BYTES_MAX);
        let _ = unpack(&bytes, &grid);
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
