//! Addresses of pages: which one the document shows, and how to get to another.
//! A change of page is a load of the address, so that every page starts from nothing but its link.

use crate::web::dom::{Fault, Text, document, window};

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// The lobby.
    Lobby,
    /// Playing in a match.
    Play(String),
    /// Watching a match; the key opens one with a password.
    Watch {
        /// The match.
        id: String,
        /// The key from the link.
        key: Option<String>,
    },
    /// Watching a match that has ended.
    Replay {
        /// The match.
        id: String,
        /// The key from the link.
        key: Option<String>,
    },
    /// The playground.
    Playground,
    /// All ways of the feed beside each other, of a match or of the liveliest.
    Compare(Option<String>),
}

/// What the address of this document asks for; everything unknown is the lobby.
pub fn current() -> Result<Route, Fault> {
    let location = window()?.location();
    let (path, search) = (location.pathname()?, location.search()?);
    let mut parts = path.trim_matches('/').split('/');
    let (page, id) = (parts.next().unwrap_or(""), parts.next().unwrap_or("").to_owned());
    Ok(match page {
        "play" if !id.is_empty() => Route::Play(id),
        "watch" if !id.is_empty() => Route::Watch { id, key: parameter(&search, "key") },
        "replay" if !id.is_empty() => Route::Replay { id, key: parameter(&search, "key") },
        "playground" => Route::Playground,
        "compare" => Route::Compare(parameter(&search, "match")),
        _ => Route::Lobby,
    })
}

/// One parameter of a query string, decoded.
fn parameter(search: &str, name: &str) -> Option<String> {
    let pairs = search.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
    js_sys::decode_uri_component(value).ok().map(String::from)
}

/// Loads another address.
pub fn go(address: &str) {
    if let Ok(window) = window() {
        let _ = window.location().assign(address);
    }
}

/// The address of playing in a match.
pub fn play(id: &str) -> String {
    format!("/play/{id}")
}

/// The address of watching a match.
pub fn watch(id: &str) -> String {
    format!("/watch/{id}")
}

/// The address of watching what a match left.
pub fn replay(id: &str) -> String {
    format!("/replay/{id}")
}

/// The address of the result of a match's round; of its newest one if the round is not known (0).
pub fn results(id: &str, round: u16, key: Option<&str>) -> String {
    let round = if round > 0 { format!("-{round}") } else { String::new() };
    let key = key.map_or_else(String::new, |key| format!("?key={key}"));
    format!("/results/{id}{round}{key}")
}

/// The whole address of `path` on this server, to be shared.
pub fn absolute(path: &str) -> String {
    let origin = window().ok().and_then(|w| w.location().origin().ok()).unwrap_or_default();
    format!("{origin}{path}")
}

/// Shows one page of the document.
pub fn show(page: &str) -> Result<(), Fault> {
    let body = document()?.body().ok_or_else(|| Fault("The page has no body.".to_owned()))?;
    body.set_attribute("data-page", page)?;
    Ok(())
}

/// Puts `text` on the clipboard; browsers allow it on a press only, and some not at all.
pub fn copy(text: &str) {
    if let Ok(window) = window() {
        // Browsers offer no clipboard on plain HTTP from another machine; the link then stays to be copied by hand.
        let clipboard = js_sys::Reflect::get(&window.navigator(), &"clipboard".into());
        if clipboard.is_ok_and(|c| !c.is_undefined()) {
            let _ = window.navigator().clipboard().write_text(text);
        }
    }
}

/// Shows that the client cannot go on, and why.
pub fn fatal(fault: &Fault) {
    web_sys::console::error_1(&fault.0.as_str().into());
    if let Ok(mut line) = Text::by_id("fatal-text") {
        line.set(&fault.0);
    }
    let _ = show("fatal");
}
