//! The playground: a private match whose network the visitor sets, and switches for what hides a network from players.
//! The play page owns it and asks it what is switched; the match's network is changed by requests to the server.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use crate::aids::Aids;
use crate::web::dom::{Fault, Text, by_id, document, find, find_all, listen, toggle};
use crate::web::net::http::{ApiError, post, post_as};
use crate::web::net::json::Json;
use crate::web::storage::{self, Seat};

/// What the slider of the cap stands for, in kbit/s; the first is none.
const CAPS_KBIT: [u32; 7] = [0, 512, 256, 128, 64, 32, 16];

/// The panel with the sliders and switches.
#[derive(Debug)]
pub struct Playground {
    /// The match.
    pub match_id: String,
    token: String,
    aids: Cell<Aids>,
    /// Whether the network was changed since somebody asked.
    changed: Cell<bool>,
    /// Whether a request is under way, and whether another must follow it.
    busy: Cell<(bool, bool)>,
    note: RefCell<Text>,
}

/// Opens a playground, or finds the one that this tab has; `ready` gets it.
pub fn open(ready: impl FnOnce(Rc<Playground>) + 'static, failed: impl FnOnce(ApiError) + 'static) {
    spawn_local(async move {
        match find_or_open().await {
            Ok(playground) => ready(playground),
            Err(error) => failed(error),
        }
    });
}

async fn find_or_open() -> Result<Rc<Playground>, ApiError> {
    if let Some(known) = storage::playground() {
        let playground = Playground::new(known.base, known.token)?;
        if playground.tell().await.is_ok() {
            return Ok(playground);
        }
    }
    let answer = post("/api/playground", &Json::object()).await?;
    let text = |name: &str| answer.get(name).text().ok_or_else(|| ApiError::answer(201));
    let (match_id, token) = (text("id")?, text("host_token")?);
    storage::set_playground(&Seat { token: token.clone(), base: match_id.clone() });
    let playground = Playground::new(match_id, token)?;
    playground.tell().await?;
    Ok(playground)
}

impl Playground {
    fn new(match_id: String, token: String) -> Result<Rc<Playground>, ApiError> {
        let fault = |fault: Fault| ApiError { word: "page".to_owned(), message: fault.0 };
        let playground = Rc::new(Playground {
            match_id,
            token,
            aids: Cell::default(),
            changed: Cell::default(),
            busy: Cell::default(),
            note: RefCell::new(Text::by_id("lab-note").map_err(fault)?),
        });
        playground.show_values();
        Ok(playground)
    }

    /// Shows the panel and listens to it.
    pub fn begin(self: &Rc<Self>) -> Result<(), Fault> {
        if let Some(body) = document()?.body() {
            toggle(&body, "lab", true);
        }
        let panel: HtmlElement = by_id("lab")?;
        for input in find_all(&panel, "input") {
            let (moved, settled) = (Rc::clone(self), input.clone());
            listen(&input, "input", move |_| moved.set())?;
            // The keys belong to the ship again as soon as a slider is let go.
            listen(&input, "change", move |_: Event| settled.blur().unwrap_or_default())?;
        }
        Ok(())
    }

    /// What of the netcode is on.
    pub fn aids(&self) -> Aids {
        self.aids.get()
    }

    /// Whether the network was changed since the last question.
    pub fn take_changed(&self) -> bool {
        self.changed.take()
    }

    /// Something was moved: shows it, and tells the server once it has heard of the move before.
    fn set(self: &Rc<Self>) {
        self.show_values();
        let (under_way, _) = self.busy.replace((true, true));
        if under_way {
            return;
        }
        let me = Rc::clone(self);
        spawn_local(async move {
            while me.busy.replace((true, false)).1 {
                let text = match me.tell().await {
                    Ok(()) => "The pale outline is where the server has your ship.".to_owned(),
                    Err(error) => error.message,
                };
                me.note.borrow_mut().set(&text);
            }
            me.busy.set((false, false));
        });
    }

    fn show_values(&self) {
        for (name, unit) in [("delay", " ms"), ("jitter", " ms"), ("loss", " %")] {
            show(name, &format!("{}{unit}", number(name)));
        }
        let cap = cap_kbit();
        show("cap", &if cap == 0 { "none".to_owned() } else { format!("{cap} kbit/s") });
        let (prediction, interpolation) = (checked("prediction"), checked("interpolation"));
        self.aids.set(Aids { prediction, interpolation, ghost: true });
    }

    /// Sends the network as it is set now.
    async fn tell(&self) -> Result<(), ApiError> {
        let body = Json::object()
            .with("delay_ms", number("delay"))
            .with("jitter_ms", number("jitter"))
            .with("loss_percent", number("loss"))
            .with("cap_kbit", cap_kbit())
            .with("lag_compensation", checked("compensation"));
        let url = format!("/api/playground/{}", self.match_id);
        let _answer = post_as(&url, &body, Some(&self.token)).await?;
        self.changed.set(true);
        Ok(())
    }
}

fn field(name: &str) -> Option<HtmlInputElement> {
    by_id(&format!("lab-{name}")).ok()
}

fn number(name: &str) -> u32 {
    field(name).and_then(|input| input.value().parse().ok()).unwrap_or(0)
}

fn checked(name: &str) -> bool {
    field(name).is_none_or(|input| input.checked())
}

fn cap_kbit() -> u32 {
    CAPS_KBIT.get(number("cap") as usize).copied().unwrap_or(0)
}

/// Shows a slider's value beside its name.
fn show(name: &str, value: &str) {
    let label = field(name).and_then(|input| input.parent_element());
    if let Some(output) = label.and_then(|label| find::<HtmlElement>(&label, "output").ok()) {
        output.set_text_content(Some(value));
    }
}
