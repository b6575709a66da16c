//! Tests of the database as a whole: results, ratings, boards, accounts and bans, in memory or in a folder of their own.
//! Time is given, nothing here reads a clock.

use shared::id::PlayerId;
use shared::mode::Team;
use shared::name::PlayerName;

use super::*;
use crate::store::bans::Target;
use crate::store::record::{RoundRecord, RoundRow};

const NOW: i64 = 1_800_000_000;

fn db() -> Db {
    Db::open(None, BanList::default(), true).unwrap()
}

fn key(n: u8) -> KeyHash {
    KeyHash([n; 32])
}

fn sit(db: &mut Db, match_id: &str, seat: u16, who: u8) {
    let name = PlayerName::sanitise(&format!("Player {who}"));
    db.write(&Kept::Seat { match_id: match_id.into(), seat: PlayerId(seat), key: key(who), name }, NOW)
        .unwrap();
}

fn row(seat: u16, score: u16) -> RoundRow {
    let name = PlayerName::sanitise(&format!("Seat {seat}"));
    let (seat, kills, deaths) = (PlayerId(seat), score, 1);
    RoundRow { seat, name, bot: false, left: false, present_s: 600, team: Team::None, score, kills, deaths }
}

fn round(match_id: &str, round: u16, rows: Vec<RoundRow>) -> RoundRecord {
    let (name, map) = ("Sunday".to_owned(), "quarry".to_owned());
    let (public, whole, mode, length_s) = (true, true, "ffa", 600);
    let team_scores = None;
    RoundRecord {
        match_id: match_id.into(),
        round,
        name,
        map,
        mode,
        public,
        whole,
        length_s,
        team_scores,
        rows,
    }
}

fn write(db: &mut Db, record: RoundRecord, at_s: i64) {
    db.write(&Kept::Round(Box::new(record)), at_s).unwrap();
}

fn rating(db: &Db, who: u8) -> Option<i64> {
    db.own_profile(key(who)).unwrap().unwrap().1.rating
}

#[test]
fn a_result_is_written_once_and_counts_once() {
    let mut db = db();
    sit(&mut db, "m", 1, 1);
    sit(&mut db, "m", 2, 2);
    let record = round("m", 1, vec![row(1, 9), row(3, 5), row(2, 2)]);
    write(&mut db, record.clone(), NOW);
    let after_one = (rating(&db, 1), rating(&db, 2));
    write(&mut db, record, NOW + 5);
    assert_eq!((rating(&db, 1), rating(&db, 2)), after_one);
    assert!(after_one.0 > Some(1000) && after_one.1 < after_one.0, "{after_one:?}");
    let (_, profile) = db.own_profile(key(1)).unwrap().unwrap();
    assert_eq!((profile.rounds, profile.wins, profile.score, profile.deaths), (1, 1, 9, 1));
    let page = db.result("m", Some(1)).unwrap().unwrap();
    assert_eq!((page.line.started_at, page.line.ended_at, page.line.players), (NOW - 600, NOW, 3));
    let whose: Vec<_> =
        page.rows.iter().map(|row| (row.place, row.account_id.is_some(), row.score)).collect();
    assert_eq!(whose, [(1, true, 9), (2, false, 5), (3, true, 2)]);
    assert_eq!(page.rows[0].rating_change, after_one.0.map(|shown| shown - 1000));
    assert_eq!(page.rows[1].rating_change, None, "a guest has none");
    assert!(db.result("m", Some(2)).unwrap().is_none());
    write(&mut db, round("m", 2, vec![row(1, 0)]), NOW);
    assert_eq!(db.result("m", None).unwrap().unwrap().line.round, 2);
}

#[test]
fn private_broken_off_and_lonely_rounds_rate_nobody() {
    let mut db = db();
    for seat in 1..=2 {
        sit(&mut db, "m", seat, seat as u8);
    }
    let rows = || vec![row(1, 9), row(2, 2)];
    write(&mut db, RoundRecord { public: false, ..round("m", 1, rows()) }, NOW);
    assert_eq!(db.own_profile(key(1)).unwrap().unwrap().1.rounds, 0);
    assert!(db.results(&Wanted { limit: 10, ..Wanted::default() }).unwrap().results.is_empty());
    assert!(db.result("m", Some(1)).unwrap().is_some(), "whoever knows its address finds it");
    write(&mut db, RoundRecord { whole: false, ..round("m", 2, rows()) }, NOW);
    let late = RoundRow { present_s: 100, ..row(2, 2) };
    write(&mut db, round("m", 3, vec![row(1, 9), late]), NOW);
    let bot = RoundRow { bot: true, ..row(2, 2) };
    write(&mut db, round("m", 4, vec![row(1, 9), bot]), NOW);
    assert_eq!((rating(&db, 1), rating(&db, 2)), (None, None));
    assert_eq!(db.own_profile(key(1)).unwrap().unwrap().1.rounds, 3);
}

#[test]
fn sides_win_together() {
    let mut db = db();
    for seat in 1..=4 {
        sit(&mut db, "m", seat, seat as u8);
    }
    let row = |seat, score, team| RoundRow { team, ..row(seat, score) };
    let rows =
        vec![row(1, 9, Team::Amber), row(2, 5, Team::Azure), row(3, 4, Team::Azure), row(4, 1, Team::Amber)];
    let record =
        |number, team_scores| RoundRecord { team_scores, mode: "tdm", ..round("m", number, rows.clone()) };
    write(&mut db, record(1, Some([11, 10])), NOW);
    let wins =
        |db: &Db| (1..=4).map(|who| db.own_profile(key(who)).unwrap().unwrap().1.wins).collect::<Vec<_>>();
    assert_eq!(wins(&db), [0, 1, 1, 0], "the best pilot was on the side that lost");
    let ratings: Vec<i64> = (1..=4).filter_map(|who| rating(&db, who)).collect();
    assert!(ratings[1] == ratings[2] && ratings[0] == ratings[3] && ratings[1] > ratings[0], "{ratings:?}");
    let page = db.result("m", Some(1)).unwrap().unwrap();
    assert_eq!((page.line.winner.as_deref(), page.line.team_scores), (Some("Azure"), Some([11, 10])));
    assert_eq!(page.rows.iter().map(|row| row.team).collect::<Vec<_>>(), [2, 1, 1, 2]);
    write(&mut db, record(2, Some([7, 7])), NOW);
    assert_eq!(db.result("m", Some(2)).unwrap().unwrap().line.winner, None, "level");
    assert_eq!(wins(&db), [0, 1, 1, 0]);
}

#[test]
fn nobody_wins_without_being_there_on_one_side_alone() {
    let mut db = db();
    for (seat, who) in [(1, 1), (2, 2), (3, 3), (4, 1), (5, 4), (6, 5)] {
        sit(&mut db, "m", seat, who);
    }
    let sided = |seat, team, present_s, left| RoundRow { left, present_s, team, ..row(seat, 3) };
    let rows = vec![
        sided(1, Team::Azure, 600, false),
        sided(2, Team::Azure, 600, false),
        sided(5, Team::Azure, 2, false),
        sided(3, Team::Amber, 600, false),
        sided(4, Team::Amber, 500, true),
        sided(6, Team::Azure, 1, true),
    ];
    let record = RoundRecord { team_scores: Some([9, 2]), mode: "tdm", ..round("m", 1, rows) };
    write(&mut db, record, NOW);
    let profiles: Vec<_> = (1..=5).map(|who| db.own_profile(key(who)).unwrap().unwrap().1).collect();
    assert_eq!(profiles.iter().map(|p| p.wins).collect::<Vec<_>>(), [0, 1, 0, 0, 0]);
    let rated: Vec<bool> = profiles.iter().map(|p| p.rating.is_some()).collect();
    assert_eq!(rated, [false, true, true, false, false], "with seats on both sides, or hardly there");
    let late = RoundRow { present_s: 100, ..row(2, 9) };
    write(&mut db, round("m", 2, vec![late, row(3, 1)]), NOW);
    assert_eq!(db.own_profile(key(2)).unwrap().unwrap().1.wins, 1, "the first of all, and hardly there");
}

#[test]
fn two_seats_of_one_account_count_as_the_better_one() {
    let mut db = db();
    for (seat, who) in [(1, 1), (2, 2), (3, 1)] {
        sit(&mut db, "m", seat, who);
    }
    write(&mut db, round("m", 1, vec![row(1, 9), row(2, 5), row(3, 1)]), NOW);
    let (_, profile) = db.own_profile(key(1)).unwrap().unwrap();
    assert_eq!((profile.rounds, profile.score), (1, 9));
    let week = db.board(Period::Week, NOW).unwrap();
    assert_eq!(week.iter().map(|s| (s.place, s.rounds, s.score)).collect::<Vec<_>>(), [(1, 1, 9), (2, 1, 5)]);
}

#[test]
fn boards_are_by_rating_and_by_the_last_seven_days() {
    let mut db = db();
    for seat in 1..=3 {
        sit(&mut db, "m", seat, seat as u8);
    }
    let day = 24 * 3600;
    write(&mut db, round("m", 1, vec![row(1, 30), row(2, 5)]), NOW - 8 * day);
    write(&mut db, round("m", 2, vec![row(2, 4), row(1, 3)]), NOW - day);
    write(&mut db, round("m", 3, vec![row(3, 50)]), NOW);
    let names = |board: &[Standing]| board.iter().map(|s| s.name.clone()).collect::<Vec<_>>();
    let week = db.board(Period::Week, NOW).unwrap();
    assert_eq!(names(&week), ["Player 3", "Player 2", "Player 1"]);
    let all = db.board(Period::All, NOW).unwrap();
    assert_eq!(names(&all)[2], "Player 3", "unrated ones come after all rated ones");
    assert_eq!(all[2].rating, None);
    db.rename(key(3), "Newname").unwrap();
    assert_eq!(names(&db.board(Period::Week, NOW).unwrap())[0], "Newname");
}

#[test]
fn lists_go_on_where_they_ended() {
    let mut db = db();
    sit(&mut db, "m7", 1, 1);
    for n in 0..7 {
        write(&mut db, round(&format!("m{}", n % 2), n + 1, vec![row(1, n)]), NOW + i64::from(n));
    }
    write(&mut db, round("m7", 1, vec![row(1, 1)]), NOW + 9);
    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let list = db.results(&Wanted { before, limit: 3, ..Wanted::default() }).unwrap();
        seen.extend(list.results.iter().map(|line| line.ended_at - NOW));
        before = list.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, [9, 6, 5, 4, 3, 2, 1, 0]);
    let of_match = Wanted { match_id: Some("m1".into()), limit: 50, ..Wanted::default() };
    assert_eq!(db.results(&of_match).unwrap().results.len(), 3);
    let (id, _) = db.own_profile(key(1)).unwrap().unwrap();
    let of_account = Wanted { account: Some(id), limit: 50, ..Wanted::default() };
    assert_eq!(db.results(&of_account).unwrap().results.len(), 1);
}

#[test]
fn a_deleted_account_leaves_no_trace_but_its_places() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Db::open(Some(folder.path()), BanList::default(), true).unwrap();
    sit(&mut db, "m", 1, 1);
    sit(&mut db, "m", 2, 2);
    let name = PlayerName::sanitise("Zanzibar");
    let rows = vec![RoundRow { name, ..row(1, 9) }, row(2, 2)];
    write(&mut db, round("m", 1, rows), NOW);
    db.rename(key(1), "Zanzibar").unwrap();
    assert!(db.delete(key(1)).unwrap());
    assert!(!db.delete(key(1)).unwrap());
    assert_eq!(db.own_profile(key(1)).unwrap(), None);
    let page = db.result("m", Some(1)).unwrap().unwrap();
    assert_eq!((page.rows[0].name.as_str(), &page.rows[0].account_id), (accounts::DELETED, &None));
    assert_eq!(db.board(Period::All, NOW).unwrap().len(), 1);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|w| w == b"Zanzibar") && !bytes.windows(32).any(|w| w == [1; 32]));
    }
}

#[test]
fn bans_hold_for_accounts_and_networks_until_they_end() {
    let bans = BanList::default();
    let mut db = Db::open(None, Arc::clone(&bans), true).unwrap();
    let ban = |target, until| Ban { id: 0, target, reason: String::new(), created_at: NOW, until };
    let network = Target::Network("203.0.113.0/24".parse().unwrap());
    let id = db.add_ban(&ban(network, Some(NOW + 60))).unwrap().unwrap();
    db.add_ban(&ban(Target::AccountId("abc".into()), None)).unwrap();
    let held = |address: &str, account, now_s| {
        let address = address.parse().unwrap();
        bans.load().iter().any(|ban| ban.holds(address, account, now_s))
    };
    assert!(held("203.0.113.7", None, NOW) && !held("203.0.113.7", None, NOW + 60));
    assert!(!held("203.0.114.7", None, NOW) && held("::1", Some("abc"), NOW + 1_000_000));
    assert!(db.remove_ban(id).unwrap() && !db.remove_ban(id).unwrap());
    assert!(!held("203.0.113.7", None, NOW));
}

#[test]
fn what_is_swept_is_what_nobody_asks_for() {
    let mut db = db();
    sit(&mut db, "m", 1, 1);
    sit(&mut db, "m", 2, 2);
    write(&mut db, round("m", 1, vec![row(1, 9)]), NOW);
    write(&mut db, RoundRecord { public: false, ..round("p", 1, vec![row(1, 9)]) }, NOW);
    db.sweep(NOW + 100 * 24 * 3600).unwrap();
    assert!(db.own_profile(key(1)).unwrap().is_some());
    assert!(db.own_profile(key(2)).unwrap().is_none(), "never ended a round");
    assert!(db.result("m", Some(1)).unwrap().is_some() && db.result("p", Some(1)).unwrap().is_none());
}

#[test]
fn a_full_or_read_only_database_writes_nothing_half_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Db::open(Some(folder.path()), BanList::default(), true).unwrap();
    sit(&mut db, "m", 1, 1);
    let crowd: Vec<RoundRow> = (1..=2000).map(|seat| row(seat, 1)).collect();
    let record = Kept::Round(Box::new(round("m", 1, crowd)));
    for (name, hindered, free, reason) in
        [("max_page_count", 1, 1_000_000_000, "full"), ("query_only", 1, 0, "read_only")]
    {
        db.connection
            .pragma_update_and_check(None, name, hindered, |_| Ok(()))
            .or_else(pragma_said_nothing)
            .unwrap();
        let trouble = db.write(&record, NOW).unwrap_err();
        assert_eq!((trouble.reason(), trouble.may_pass()), (reason, true), "{trouble}");
        assert_eq!(db.result("m", Some(1)).unwrap(), None);
        assert_eq!(db.own_profile(key(1)).unwrap().unwrap().1.rounds, 0);
        db.connection
            .pragma_update_and_check(None, name, free, |_| Ok(()))
            .or_else(pragma_said_nothing)
            .unwrap();
    }
    db.write(&record, NOW).unwrap();
    assert_eq!(db.result("m", Some(1)).unwrap().unwrap().rows.len(), 2000);
}

/// Some pragmas answer with their value and some with nothing.
fn pragma_said_nothing(error: rusqlite::Error) -> rusqlite::Result<()> {
    if error == rusqlite::Error::QueryReturnedNoRows { Ok(()) } else { Err(error) }
}

#[test]
fn whoever_is_banned_stays_out_while_the_database_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let list = BanList::default();
    let mut db = Db::open(Some(folder.path()), Arc::clone(&list), true).unwrap();
    let network = Target::Network("10.0.0.0/8".parse().unwrap());
    db.add_ban(&Ban { id: 0, target: network, reason: String::new(), created_at: NOW, until: None }).unwrap();
    (0..200).for_each(|n| write(&mut db, round(&format!("m{n}"), 1, vec![row(1, 3), row(2, 1)]), NOW));
    let root: u32 = db
        .connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'result_rows'", [], |row| row.get(0))
        .unwrap();
    let page: u32 = db.connection.query_row("PRAGMA page_size", [], |row| row.get(0)).unwrap();
    db.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(db);
    let path = folder.path().join("starfray.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = ((root - 1) * page) as usize;
    bytes[at..at + page as usize].fill(0xee);
    std::fs::write(&path, bytes).unwrap();
    let list = BanList::default();
    assert_eq!(Db::open(Some(folder.path()), Arc::clone(&list), true).unwrap_err().reason(), "damaged");
    assert_eq!(list.load().len(), 1, "the bans were read before the rest");
}

#[test]
fn seats_tell_whose_they_are() {
    let mut db = db();
    sit(&mut db, "m1", 4, 1);
    sit(&mut db, "m2", 7, 1);
    let ann = db.sign_in(key(1), "Ann", NOW).unwrap().public_id;
    assert_eq!(db.seats_of(&ann).unwrap(), [("m1".to_owned(), 4), ("m2".to_owned(), 7)]);
    assert_eq!(db.account_of_seat("m2", 7).unwrap(), Some(ann));
    assert_eq!(db.account_of_seat("m2", 8).unwrap(), None);
    assert!(db.seats_of("nobody").unwrap().is_empty());
}
