//! Maps from files: what comes with the program, what a host may draw, and that no file does harm.

use std::fs;

use glam::Vec2;
use proptest::prelude::*;
use shared::arena::{ArenaFile, PickupKind};

use super::*;

/// A map of 1,000 by 800 with `layers`.
fn drawn(layers: &str) -> String {
    let fields =
        r#"orientation="orthogonal" width="50" height="40" tilewidth="20" tileheight="20" infinite="0""#;
    format!(r#"<?xml version="1.0" encoding="UTF-8"?><map version="1.10" {fields}>{layers}</map>"#)
}

const SPAWNS: &str = r#"<objectgroup id="2" name="spawns"><object id="21" x="100" y="100"><point/></object>
    <object id="22" x="900" y="100"><point/></object><object id="23" class="azure" x="100" y="700"><point/></object>
    <object id="24" type="amber" x="900" y="700"><point/></object><object id="25" x="500" y="700"><point/></object>
    <object id="26" x="500" y="100"><point/></object></objectgroup>"#;

fn read(layers: &str) -> Result<Drawn, String> {
    tmx::read("test", drawn(layers).as_bytes()).map_err(|error| error.to_string())
}

fn is_mirrored(places: &[Vec2], others: &[Vec2]) -> bool {
    places.len() == others.len() && places.iter().all(|p| others.contains(&Vec2::new(-p.x, p.y)))
}

#[test]
fn every_file_is_a_map() {
    for (name, text) in FILES {
        let drawn = tmx::read(name, text.as_bytes()).unwrap();
        assert!(drawn.arena.spawns().len() >= 8, "{name} has too few places to appear");
        assert!(!drawn.about.is_empty() && drawn.arena.pickups().len() >= 6, "{name}");
    }
    assert_eq!(names(), ["lattice", "quarry", "foundry", "open"]);
    assert!(find("open").unwrap().arena(100).pickups().is_empty());
}

#[test]
fn the_map_for_teams_is_fair() {
    let arena = find("foundry").unwrap().arena(16);
    let [azure, amber] = arena.team_spawns();
    assert_eq!((azure.len(), amber.len()), (8, 8));
    assert!(is_mirrored(azure, amber) && is_mirrored(arena.spawns(), arena.spawns()));
    let [stand, other] = arena.cores().unwrap();
    assert!(is_mirrored(&[stand], &[other]) && stand.x < 0.0);
    let wall = |w: &shared::wall::Wall| w.corners().to_vec();
    let walls: Vec<Vec<Vec2>> = arena.walls().iter().map(wall).collect();
    assert!(walls.iter().all(|w| walls.iter().any(|other| is_mirrored(w, other))));
    let pickups = arena.pickups();
    let twin = |p: &shared::arena::Pickup| {
        pickups.iter().any(|o| o.kind == p.kind && o.place == Vec2::new(-p.place.x, p.place.y))
    };
    assert!(pickups.iter().all(twin));
}

#[test]
fn a_drawing_becomes_an_arena() {
    let layers = format!(
        r#"<properties><property name="title" value="My yard"/><property name="players" type="int" value="9"/></properties>
        <layer id="1" name="Tile Layer 1" width="50" height="40"><data encoding="csv">0,0</data></layer>{SPAWNS}
        <objectgroup id="3" name="walls" offsetx="10"><object id="1" x="390" y="300" width="100" height="50"/>
        <object id="2" x="590" y="300" rotation="90" width="100" height="50"/>
        <object id="3" x="200" y="200"><polygon points="0,0 50,0 0,50"/></object></objectgroup>
        <objectgroup id="4" name="cores"><object id="4" class="amber" x="950" y="400"><point/></object>
        <object id="5" class="azure" x="50" y="400"><point/></object></objectgroup>
        <objectgroup id="5" name="pickups"><object id="6" type="mines" x="500" y="400"><point/></object></objectgroup>"#
    );
    let map = read(&layers).unwrap();
    let arena = ArenaFile::from(map.arena.clone());
    assert_eq!((arena.name.as_str(), map.players, arena.width, arena.height), ("My yard", 9, 1000.0, 800.0));
    assert_eq!(arena.walls[0], [[-100.0, -100.0], [0.0, -100.0], [0.0, -50.0], [-100.0, -50.0]]);
    let turned = map.arena.walls()[1].corners()[2];
    assert!(turned.distance(Vec2::new(50.0, 0.0)) < 1e-3, "{turned}");
    assert_eq!(arena.walls[2][1], [-240.0, -200.0]);
    assert_eq!(arena.team_spawns, [vec![[-400.0, 300.0]], vec![[400.0, 300.0]]]);
    assert_eq!((arena.spawns.len(), arena.cores), (4, vec![[-450.0, 0.0], [450.0, 0.0]]));
    assert_eq!((map.arena.pickups()[0].place, map.arena.pickups()[0].kind), (Vec2::ZERO, PickupKind::Mines));
    assert_eq!(read(SPAWNS).unwrap().arena.name(), "test", "without a title the file's name stands in");
}

#[test]
fn each_refusal_names_layer_object_and_field() {
    let walls = |object: &str| format!(r#"{SPAWNS}<objectgroup name="walls">{object}</objectgroup>"#);
    for (layers, right) in [
        (walls(r#"<object id="7" x="490" y="80" width="60" height="60"/>"#), "layer spawns, object 26: spawns[3] is in a wall or too near to one"),
        (walls(r#"<object id="7" x="490" y="8o"/>"#), "layer walls, object 7: y: must be a number, not \"8o\""),
        (walls(r#"<object x="inf" id="7" y="8"/>"#), "layer walls, object 7: x: must be a number, not \"inf\""),
        (walls(r#"<object id="7" x="1" y="2"/>"#), "layer walls, object 7: walls[0] needs 3 to 32 corners, no two neighbours the same"),
        (walls(r#"<object id="7" x="9000" y="2" width="9" height="9"/>"#), "layer walls, object 7: walls[0] has a point outside the arena: 8500, -398"),
        (walls(r#"<object id="7" x="1" y="2"><ellipse/></object>"#), "layer walls, object 7: ellipse: only polygons, rectangles and points are read"),
        (walls(r#"<object id="7" x="1" y="2"><point/></object>"#), "layer walls, object 7: shape: must be a polygon or a rectangle"),
        (walls(r#"<object id="7" x="1" y="2"><polygon points="0,0 1"/></object>"#), "layer walls, object 7: points: must be pairs of numbers such as 0,0 40,0 40,30, not \"0,0 1\""),
        (walls(r#"<object id="7" class="azure" x="1" y="2" width="9" height="9"/>"#), "layer walls, object 7: class: must be empty, not \"azure\""),
        (walls(r#"<object id="7" template="/etc/passwd"/>"#), "layer walls, object 7: template: must be absent: a map is one file without tile sets, images and templates, not \"/etc/passwd\""),
        (walls(r#"<object id="7" gid="3"/>"#), "layer walls, object 7: gid: this field is not known in <object>"),
        (SPAWNS.replace("amber", "green"), "layer spawns, object 24: class: must be empty or azure or amber, not \"green\""),
        (SPAWNS.replace("amber", "azure"), "team_spawns must have places for both of two teams, or for none"),
        (r#"<objectgroup name="wals"/>"#.to_owned(), "layer wals: name: an object layer must be called walls, spawns, cores or pickups"),
        (format!(r#"{SPAWNS}<objectgroup name="pickups"><object id="9" class="gun" x="5" y="5"><point/></object></objectgroup>"#), "layer pickups, object 9: class: must be repair or shield or scatter or rail or mines, not \"gun\""),
        (format!(r#"{SPAWNS}<objectgroup name="cores"><object id="9" class="azure" x="50" y="400"><point/></object></objectgroup>"#), "layer cores: class: one core is azure and one is amber, or there is none"),
        (String::new(), "layer spawns: ships need at least 4 points to appear at"),
        (r#"<tileset firstgid="1" source="../../key.tsx"/>"#.to_owned(), "tileset ../../key.tsx: a map is one file without tile sets, images and templates"),
        (r#"<tileset firstgid="1" name="a" tilewidth="9" tileheight="9" tilecount="4294967295"/>"#.to_owned(), "tileset: a map is one file without tile sets, images and templates"),
        (r#"<imagelayer name="sky"><image source="a.png"/></imagelayer>"#.to_owned(), "imagelayer: a map is one file without tile sets, images and templates"),
        (r#"<group name="all"/>"#.to_owned(), "group: layers must not stand in groups"),
        (r#"<layer name="t" width="9" height="9"><data encoding="base64" compression="zlib">eJw=</data></layer>"#.to_owned(), "layer t: encoding: tiles must be written as CSV (Map, Map Properties, Tile Layer Format)"),
        (r#"<properties><property name="players" type="int" value="0"/></properties>"#.to_owned(), "property players: must be 1 to 2000"),
        (r#"<properties><property name="gravity" value="0"/></properties>"#.to_owned(), "property gravity: must be title, about or players"),
        ("<objectgroup name=\"walls\"></map>".to_owned(), "layer walls: the XML: "),
        ("<!DOCTYPE a>".to_owned(), "the XML: only elements, text and comments are read"),
    ] {
        let error = read(&layers).unwrap_err();
        assert!(error.starts_with(right), "{layers}\n  {error}\n  {right}");
    }
    for (field, right) in [
        (r#"width="99999""#, "width: must be 0 to 65535, not \"99999\""),
        (r#"width="9999""#, "width must be 200 to 16000 units, not 199980"),
        (r#"infinite="1""#, "infinite: must be 0: an arena has an end, not \"1\""),
        (r#"orientation="hexagonal""#, "orientation: must be orthogonal, not \"hexagonal\""),
    ] {
        let key = field.split('=').next().unwrap();
        let text = drawn(SPAWNS);
        let from = text.find(&format!(" {key}=")).unwrap() + 1;
        let to = from + key.len() + 2 + text[from + key.len() + 2..].find('"').unwrap() + 1;
        let text = text.replacen(&text[from..to].to_owned(), field, 1);
        assert_eq!(tmx::read("test", text.as_bytes()).unwrap_err().to_string(), right);
    }
}

#[test]
fn a_file_that_is_too_large_is_not_looked_at() {
    let error = tmx::read("test", &vec![b' '; tmx::FILE_BYTES_MAX + 1]).unwrap_err().to_string();
    assert!(error.starts_with("the file has 262145 bytes"), "{error}");
    let deep = "<map>".repeat(40_000);
    assert!(
        tmx::read("test", deep.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("map: this is not known in <map>")
    );
}

#[test]
fn a_host_puts_a_map_into_the_folder() {
    let data = tempfile::tempdir().unwrap();
    let maps = Maps::open(data.path());
    assert_eq!(maps.list().len(), 4);
    assert!(
        maps.find("yard")
            .unwrap_err()
            .starts_with("there is no map \"yard\"; there are lattice, quarry, foundry, open")
    );
    let folder = data.path().join(FOLDER);
    fs::create_dir(&folder).unwrap();
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    put("yard.tmx", &drawn(SPAWNS));
    put("Lattice.tmx", &drawn(SPAWNS));
    put("a b.tmx", &drawn(SPAWNS));
    put("old.tmj", "{}");
    put("broken.tmx", &drawn("<group/>"));
    put("notes.txt", "");
    fs::create_dir(folder.join("folder.tmx")).unwrap();
    assert_eq!(
        maps.list().iter().map(|m| m.name.as_str()).collect::<Vec<_>>(),
        ["lattice", "quarry", "foundry", "open", "yard"]
    );
    assert_eq!(maps.find("yard").unwrap().arena(4).half(), Vec2::new(500.0, 400.0));
    assert_eq!(maps.find("lattice").unwrap().title, "Lattice", "a name of the program is not taken over");
    assert_eq!(maps.find("broken").unwrap_err(), "broken.tmx: group: layers must not stand in groups");
    assert_eq!(maps.find("old").unwrap_err(), "old.tmj: only .tmx is read; save the map in Tiled as .tmx");
    assert!(maps.find("a b").unwrap_err().starts_with("there is no map"));
    assert!(maps.find("../yard").is_err());
    put("broken.tmx", &drawn(SPAWNS));
    put("yard.tmx", &drawn("<group name=\"new\"/>"));
    assert!(maps.find("broken").is_ok() && maps.find("yard").is_err(), "what changes is read again");
    fs::remove_file(folder.join("broken.tmx")).unwrap();
    assert!(maps.find("broken").unwrap_err().starts_with("there is no map"));
}

#[test]
fn of_files_of_one_name_the_same_is_meant_in_any_order() {
    let yard = |title: &str| {
        let title = format!(r#"<property name="title" value="{title}"/>"#);
        drawn(&format!("<properties>{title}</properties>{SPAWNS}"))
    };
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join(FOLDER);
        fs::create_dir(&folder).unwrap();
        let files = [
            ("Yard.tmx", yard("First")),
            ("yard.tmx", yard("Second")),
            ("YARD.tmj", "{}".to_owned()),
            ("yard.tmj", "{}".to_owned()),
        ];
        for at in order {
            let (name, text): &(&str, String) = &files[at];
            fs::write(folder.join(name), text).unwrap();
        }
        assert_eq!(Maps::open(data.path()).find("yard").unwrap().title, "First", "{order:?}");
    }
}

fn sample() -> impl Strategy<Value = String> {
    let files: Vec<String> =
        FILES.iter().map(|(_, text)| (*text).to_owned()).chain([drawn(SPAWNS)]).collect();
    prop::sample::select(files)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_cut_or_mutated_file_does_harm(
        text in sample(),
        cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), b' '..=b'~'), 0..6),
        (from, to, length) in (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..200_usize),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        // A piece that stands elsewhere makes elements in the wrong places more often than single bytes do.
        let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
        let piece = bytes[from..bytes.len().min(from + length)].to_vec();
        bytes.splice(to..to, piece);
        drop(tmx::read("test", &bytes));
        bytes.truncate(cut.index(bytes.len()));
        drop(tmx::read("test", &bytes));
    }

    #[test]
    fn no_number_does_harm(digits in "[-+]?[0-9]{0,12}([.][0-9]{0,3})?(e[0-9]{1,3})?|NaN|inf", text in sample(), place in any::<prop::sample::Index>()) {
        let starts: Vec<usize> = text.match_indices("=\"").map(|(at, _)| at + 2).collect();
        let start = starts[place.index(starts.len())];
        let end = start + text[start..].find('"').unwrap();
        drop(tmx::read("test", format!("{}{digits}{}", &text[..start], &text[end..]).as_bytes()));
    }
}
