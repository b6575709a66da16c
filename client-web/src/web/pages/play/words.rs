//! What a player is told about the connection: short, calm, what is so and what to do.
//! Pure text; the page shows it and acts on the buttons.

use super::link::{End, Link, SEAT_KEPT_MS, Stand};
use crate::web::hud::notice::Words;

/// A loss shorter than this is not worth a notice.
const QUIET_MS: f64 = 900.0;

/// The notice for where the link stands now, if any.
pub fn notice(link: &Link, now_ms: f64) -> Option<Words> {
    match &link.stand {
        Stand::Open => None,
        Stand::Joining | Stand::Connecting | Stand::Waiting { .. } => lost(link, now_ms),
        Stand::Asking { wrong } => Some(Words {
            title: "This match has a password".to_owned(),
            text: if *wrong {
                "That was not it. Ask whoever sent you the link."
            } else {
                "Whoever sent you the link knows it."
            }
            .to_owned(),
            yes: "Join",
            no: "Back to lobby",
            asks: true,
            bar_percent: None,
        }),
        Stand::Over(end) => Some(over(end)),
    }
}

fn lost(link: &Link, now_ms: f64) -> Option<Words> {
    let gone_ms = link.lost_ms.map(|at| now_ms - at).filter(|gone_ms| *gone_ms > QUIET_MS)?;
    let kept_ms = (SEAT_KEPT_MS - gone_ms).max(0.0);
    let attempt = link.attempt().max(1);
    let seat = match (link.seat.is_some(), kept_ms > 0.0) {
        (true, true) => format!(
            "Your ship is shielded and your seat is kept for {} s. ",
            (kept_ms / 1000.0).ceil() as u32
        ),
        (true, false) => "Your seat may be free for others by now. ".to_owned(),
        (false, _) => String::new(),
    };
    Some(Words {
        title: if link.generation == 0 { "No answer from the server" } else { "Connection lost" }.to_owned(),
        text: format!("{seat}Trying again, attempt {attempt}."),
        yes: "Try now",
        no: "Leave match",
        asks: false,
        bar_percent: link.seat.is_some().then_some((kept_ms / SEAT_KEPT_MS * 50.0).ceil() as u32 * 2),
    })
}

fn over(end: &End) -> Words {
    let (title, text, yes, no) = match end {
        End::Replaced => (
            "You play in another tab",
            "This seat was opened somewhere else. It can only be in one place.",
            "Play here",
            "Back to lobby",
        ),
        End::Full => (
            "All seats are taken",
            "You can watch until one is free, or look for another match.",
            "Watch",
            "Back to lobby",
        ),
        End::Removed { words, for_good } => {
            let text = if words.is_empty() { "You can still watch the match." } else { words };
            let title = if *for_good {
                "The host has banned you from this match"
            } else {
                "The host has removed you"
            };
            (title, text, "Watch", "Back to lobby")
        }
        End::Inactive => (
            "You did nothing for a minute",
            "Your seat is for others now. Take a new one, or watch.",
            "Play again",
            "Watch",
        ),
        End::Locked => (
            "The host has locked this match",
            "Nobody else gets in for now. You can watch until that changes.",
            "Watch",
            "Back to lobby",
        ),
        End::Over => ("This match is over", "Its results stay.", "Results", "Back to lobby"),
        End::Gone => ("This match is over", "It has ended, or the link is not right.", "Back to lobby", ""),
        End::Version => (
            "The game has a new version",
            "Reload the page to get it. Your seat is kept for a while.",
            "Reload",
            "Back to lobby",
        ),
        End::Other(message) => ("The match cannot be joined", message.as_str(), "Try again", "Back to lobby"),
    };
    Words { title: title.to_owned(), text: text.to_owned(), yes, no, asks: false, bar_percent: None }
}
