//! What of a map's file is let through to the `tiled` crate: few elements, few fields, numbers that are numbers.
//! The crate believes what it reads: a tile set's count decides how much memory is taken, compressed tiles grow a
//! thousandfold, groups in groups go as deep as the stack. None of that has a meaning in an arena, so it ends here, and
//! each refusal names layer, object and field. The same XML parser reads here and there, so both see the same.

use quick_xml::Reader;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};

use super::map_error::{MapError, Spot, shortened};

/// Largest number that a coordinate or a length may have; the arena's own limits are narrower.
const NUMBER_MAX: f32 = 100_000.0;

/// An element: its name, what may stand in it, and its fields; fields that must be numbers are in [`is_number`].
struct Element {
    name: &'static str,
    children: &'static [&'static str],
    fields: &'static [&'static str],
}

const DOCUMENT: Element = Element { name: "", children: &["map"], fields: &[] };

const LAYER_FIELDS: &[&str] = &[
    "id",
    "name",
    "class",
    "x",
    "y",
    "width",
    "height",
    "opacity",
    "visible",
    "locked",
    "color",
    "tintcolor",
    "offsetx",
    "offsety",
    "parallaxx",
    "parallaxy",
    "draworder",
    "mode",
];

const ELEMENTS: [Element; 12] = [
    Element {
        name: "map",
        children: &["editorsettings", "properties", "layer", "objectgroup"],
        fields: &[
            "version",
            "tiledversion",
            "class",
            "type",
            "orientation",
            "renderorder",
            "compressionlevel",
            "width",
            "height",
            "tilewidth",
            "tileheight",
            "infinite",
            "nextlayerid",
            "nextobjectid",
            "backgroundcolor",
            "parallaxoriginx",
            "parallaxoriginy",
        ],
    },
    Element { name: "editorsettings", children: &["export", "chunksize"], fields: &[] },
    Element { name: "export", children: &[], fields: &["target", "format"] },
    Element { name: "chunksize", children: &[], fields: &["width", "height"] },
    Element { name: "properties", children: &["property"], fields: &[] },
    Element { name: "property", children: &[], fields: &["name", "type", "value"] },
    Element { name: "layer", children: &["data"], fields: LAYER_FIELDS },
    Element { name: "data", children: &[], fields: &["encoding"] },
    Element { name: "objectgroup", children: &["object"], fields: LAYER_FIELDS },
    Element {
        name: "object",
        children: &["polygon", "point"],
        fields: &[
            "id", "name", "type", "class", "x", "y", "width", "height", "rotation", "opacity", "visible",
        ],
    },
    Element { name: "polygon", children: &[], fields: &["points"] },
    Element { name: "point", children: &[], fields: &[] },
];

/// Fields that are numbers of units, degrees or parts.
const DECIMALS: [&str; 8] = ["x", "y", "rotation", "opacity", "offsetx", "offsety", "parallaxx", "parallaxy"];
/// Fields that are whole numbers.
const WHOLES: [&str; 3] = ["id", "tilewidth", "tileheight"];

/// Looks at the whole of a map's file.
pub fn check(text: &str) -> Result<(), MapError> {
    let mut reader = Reader::from_reader(text.as_bytes());
    let mut open = vec![&DOCUMENT];
    let mut spot = Spot::default();
    loop {
        let event = reader.read_event().map_err(|error| spot.error(format!("the XML: {error}")))?;
        match event {
            Event::Start(tag) => open.push(enter(&open, &tag, &mut spot)?),
            Event::Empty(tag) => {
                let element = enter(&open, &tag, &mut spot)?;
                leave(element, &mut spot);
            }
            Event::End(_) => {
                if let Some(element) = open.pop() {
                    leave(element, &mut spot);
                }
            }
            Event::Text(_) | Event::Decl(_) | Event::Comment(_) => {}
            Event::CData(_) | Event::DocType(_) | Event::PI(_) => {
                return Err(spot.error("the XML: only elements, text and comments are read"));
            }
            Event::Eof => return Ok(()),
        }
    }
}

/// The element that begins with `tag` in the innermost open one.
fn enter(open: &[&Element], tag: &BytesStart<'_>, spot: &mut Spot) -> Result<&'static Element, MapError> {
    let local = tag.local_name();
    let name = String::from_utf8_lossy(local.as_ref());
    let parent = open.last().copied().unwrap_or(&DOCUMENT);
    let allowed = parent.children.contains(&&*name);
    let Some(element) = ELEMENTS.iter().find(|element| allowed && element.name == name) else {
        return Err(spot.error(refusal(&name, parent, tag)));
    };
    // Errors name the object, so its number is looked for before anything else of it is looked at.
    let fields = tag.attributes().map(|field| field.map_err(|e| spot.error(format!("the XML: {e}"))));
    let fields: Vec<Attribute<'_>> = fields.collect::<Result<_, _>>()?;
    for field in &fields {
        let key = field.key.local_name();
        match (element.name, key.as_ref(), text(field)) {
            ("layer" | "objectgroup", b"name", Some(value)) => spot.layer = Some(value),
            ("object", b"id", Some(value)) => spot.object = value.parse().ok(),
            _ => {}
        }
    }
    for field in &fields {
        check_field(element, field).map_err(|what| spot.error(what))?;
    }
    let has_encoding = fields.iter().any(|field| field.key.local_name().as_ref() == b"encoding");
    if element.name == "data" && !has_encoding {
        return Err(spot.error(TILES));
    }
    Ok(element)
}

const TILES: &str = "encoding: tiles must be written as CSV (Map, Map Properties, Tile Layer Format)";

fn leave(element: &Element, spot: &mut Spot) {
    match element.name {
        "layer" | "objectgroup" => *spot = Spot::default(),
        "object" => spot.object = None,
        _ => {}
    }
}

/// Why an element is not let through.
fn refusal(name: &str, parent: &Element, tag: &BytesStart<'_>) -> String {
    let source = tag.try_get_attribute("source").ok().flatten().and_then(|field| text(&field));
    match (name, parent.name) {
        (_, "") => format!("the XML: it begins with <{}>, not with <map>", shortened(name)),
        ("tileset" | "image" | "imagelayer" | "template", _) => {
            let file = source.map(|file| format!(" {}", shortened(&file))).unwrap_or_default();
            format!("{name}{file}: a map is one file without tile sets, images and templates")
        }
        ("group", _) => "group: layers must not stand in groups".to_owned(),
        ("properties", _) => "properties: only the map itself has any".to_owned(),
        (_, "object") => {
            format!("{}: only polygons, rectangles and points are read", shortened(name))
        }
        _ => format!("{}: this is not known in <{}>", shortened(name), parent.name),
    }
}

/// A field's value.
fn text(field: &Attribute<'_>) -> Option<String> {
    field.unescape_value().ok().map(std::borrow::Cow::into_owned)
}

fn check_field(element: &Element, field: &Attribute<'_>) -> Result<(), String> {
    let key = field.key.local_name();
    let key = String::from_utf8_lossy(key.as_ref());
    let value = text(field).ok_or_else(|| format!("{}: the value can't be read", shortened(&key)))?;
    let refuse =
        |right: &str| Err(format!("{}: must be {right}, not \"{}\"", shortened(&key), shortened(&value)));
    if key == "template" {
        return refuse("absent: a map is one file without tile sets, images and templates");
    }
    if !element.fields.contains(&&*key) {
        return Err(format!("{}: this field is not known in <{}>", shortened(&key), element.name));
    }
    match (element.name, &*key) {
        ("data", _) if value != "csv" => Err(TILES.to_owned()),
        ("map", "orientation") if value != "orthogonal" => refuse("orthogonal"),
        ("map", "infinite") if value != "0" => refuse("0: an arena has an end"),
        ("object", "width" | "height") if !is_decimal(&value) => refuse("a number of pixels"),
        ("map" | "layer", "width" | "height") if value.parse::<u16>().is_err() => refuse("0 to 65535"),
        ("polygon", "points") if !are_points(&value) => refuse("pairs of numbers such as 0,0 40,0 40,30"),
        (_, key) if WHOLES.contains(&key) && value.parse::<u32>().is_err() => refuse("a whole number"),
        (_, key) if DECIMALS.contains(&key) && !is_decimal(&value) => refuse("a number"),
        _ => Ok(()),
    }
}

fn is_decimal(text: &str) -> bool {
    text.parse::<f32>().is_ok_and(|number| number.abs() <= NUMBER_MAX)
}

fn are_points(text: &str) -> bool {
    let pair = |point: &str| point.split_once(',').is_some_and(|(x, y)| is_decimal(x) && is_decimal(y));
    text.split(' ').all(pair)
}
