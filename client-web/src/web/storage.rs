//! What the browser remembers for us: the player's name and ship for good, a seat's token for as long as the tab lives.
//! A browser that refuses storage is no fault: then nothing is remembered.

use shared::world::Hull;
use web_sys::Storage;

use super::dom::window;
use crate::feed_way::FeedWay;

const NAME: &str = "starfray.name";
const HULL: &str = "starfray.hull";
const SEAT: &str = "starfray.seat.";
const FEED_WAY: &str = "starfray.feed";
const WAY: &str = "starfray.way";
const RELOADED: &str = "starfray.reloaded";
const FIGURES: &str = "starfray.figures";
/// The host's panel (`page/panel.js`) reads it under the same name.
const HOST: &str = "starfray.host.";
const PLAYER_KEY: &str = "starfray.key";
/// Signs of a player's key: 32 of them, none of which looks like another.
const KEY_SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Signs in a key: 125 bits, five signs between two hyphens.
const KEY_LENGTH: usize = 25;
/// Stands where a match's id would; ids have no point.
const PLAYGROUND: &str = ".playground";

fn lasting() -> Option<Storage> {
    window().ok()?.local_storage().ok().flatten()
}

fn of_tab() -> Option<Storage> {
    window().ok()?.session_storage().ok().flatten()
}

/// The player's name; a made-up one at the first visit, which then stays.
pub fn name() -> String {
    let stored = lasting().and_then(|s| s.get_item(NAME).ok().flatten()).filter(|n| !n.trim().is_empty());
    stored.unwrap_or_else(|| {
        let made_up = format!("Pilot {}", 100 + (js_sys::Math::random() * 900.0) as u32);
        set_name(&made_up);
        made_up
    })
}

/// Remembers the player's name.
pub fn set_name(name: &str) {
    if let Some(storage) = lasting() {
        let _ = storage.set_item(NAME, name);
    }
}

/// The shape of ship that the player chose last.
pub fn hull() -> Hull {
    let stored = lasting().and_then(|s| s.get_item(HULL).ok().flatten());
    Hull::from(stored.and_then(|number| number.parse::<u8>().ok()).unwrap_or(0))
}

/// Remembers the shape of ship.
pub fn set_hull(hull: Hull) {
    if let Some(storage) = lasting() {
        let _ = storage.set_item(HULL, &u8::from(hull).to_string());
    }
}

/// What earlier pages learned about transports, as they wrote it.
pub fn way() -> String {
    lasting().and_then(|s| s.get_item(WAY).ok().flatten()).unwrap_or_default()
}

/// Remembers it.
pub fn set_way(memory: &str) {
    if let Some(storage) = lasting() {
        let _ = storage.set_item(WAY, memory);
    }
}

/// A seat in a match: what is needed to come back to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The signed token.
    pub token: String,
    /// The base address of the server that holds the seat.
    pub base: String,
}

/// The seat that this tab has in the match, if any.
pub fn seat(match_id: &str) -> Option<Seat> {
    let text = of_tab()?.get_item(&format!("{SEAT}{match_id}")).ok().flatten()?;
    let (token, base) = text.split_once(' ')?;
    Some(Seat { token: token.to_owned(), base: base.to_owned() })
}

/// Remembers the seat of this tab in the match, or forgets it.
pub fn set_seat(match_id: &str, seat: Option<&Seat>) {
    let Some(storage) = of_tab() else { return };
    let key = format!("{SEAT}{match_id}");
    let _ = match seat {
        Some(seat) => storage.set_item(&key, &format!("{} {}", seat.token, seat.base)),
        None => storage.remove_item(&key),
    };
}

/// The way to the feed that worked last in this tab; a new tab begins with the best one.
pub fn feed_way() -> Option<FeedWay> {
    FeedWay::named(&of_tab()?.get_item(FEED_WAY).ok().flatten()?)
}

/// Remembers the way to the feed that works.
pub fn set_feed_way(way: FeedWay) {
    if let Some(storage) = of_tab() {
        let _ = storage.set_item(FEED_WAY, way.name());
    }
}

/// Whether this browser holds the host's token of the match.
pub fn is_host(match_id: &str) -> bool {
    lasting().and_then(|s| s.get_item(&format!("{HOST}{match_id}")).ok().flatten()).is_some()
}

/// Remembers the host's token of the match.
pub fn set_host(match_id: &str, token: &str) {
    if let Some(storage) = lasting() {
        let _ = storage.set_item(&format!("{HOST}{match_id}"), token);
    }
}

/// The playground of this tab, if any: its token, and its match in place of an address.
pub fn playground() -> Option<Seat> {
    seat(PLAYGROUND)
}

/// Remembers the playground of this tab.
pub fn set_playground(playground: &Seat) {
    set_seat(PLAYGROUND, Some(playground));
}

/// The key of the player's account; a new one at the first match. A browser that keeps nothing has none. The player's
/// page (`page/records.js`) reads it under the same name.
pub fn player_key() -> Option<String> {
    let storage = lasting()?;
    if let Some(key) = storage.get_item(PLAYER_KEY).ok().flatten() {
        return Some(key);
    }
    let mut bytes = [0; KEY_LENGTH];
    window().ok()?.crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    let mut key = String::new();
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 5 == 0 {
            key.push('-');
        }
        key.push(KEY_SIGNS.get(usize::from(byte % 32)).map_or('2', |sign| char::from(*sign)));
    }
    storage.set_item(PLAYER_KEY, &key).ok().map(|()| key)
}

/// Whether the player wants to see figures of the link.
pub fn figures() -> bool {
    lasting().and_then(|s| s.get_item(FIGURES).ok().flatten()).is_some()
}

/// Remembers whether the player wants to see figures of the link.
pub fn set_figures(wanted: bool) {
    if let Some(storage) = lasting() {
        let _ = if wanted { storage.set_item(FIGURES, "1") } else { storage.remove_item(FIGURES) };
    }
}

/// Whether this tab may reload itself for a new version: once, until [`version_fits`] says that all is well.
pub fn may_reload() -> bool {
    let Some(storage) = of_tab() else { return false };
    if storage.get_item(RELOADED).ok().flatten().is_some() {
        return false;
    }
    storage.set_item(RELOADED, "1").is_ok()
}

/// The server speaks our version.
pub fn version_fits() {
    if let Some(storage) = of_tab() {
        let _ = storage.remove_item(RELOADED);
    }
}
