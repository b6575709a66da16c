//! Where the browser enters: chooses the page by the address, and tells people when something broke.
//! Everything else is the pages'.

use std::rc::Rc;

use wasm_bindgen::prelude::wasm_bindgen;

use super::dom::Fault;
use super::pages::playground::Playground;
use super::pages::route::{self, Route, fatal};
use super::pages::{compare, lobby, play, playground, watch};

/// Called by the generated JavaScript once the module is loaded.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
        fatal(&Fault(
            "The game has failed. Reload the page to go on; your seat is kept for a while.".to_owned(),
        ));
    }));
    if let Err(fault) = begin() {
        fatal(&fault);
    }
}

fn begin() -> Result<(), Fault> {
    match route::current()? {
        Route::Lobby => lobby::begin(),
        Route::Play(id) => play::begin(id, None),
        Route::Watch { id, key } => watch::begin(id, key, false),
        Route::Replay { id, key } => watch::begin(id, key, true),
        Route::Compare(id) => compare::begin(id),
        Route::Playground => {
            playground::open(begin_playground, |error| fatal(&Fault(error.message)));
            Ok(())
        }
    }
}

fn begin_playground(playground: Rc<Playground>) {
    if let Err(fault) = play::begin(playground.match_id.clone(), Some(playground)) {
        fatal(&fault);
    }
}
