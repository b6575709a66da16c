//! What the watch page says when there is nothing to see, and which way out it offers.
//! The page asks for it with every picture; it knows neither feed nor replay.

use crate::view::Freshness;
use crate::web::hud::notice::Words;

/// A title, a sentence, and what the two buttons say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said(&'static str, &'static str, &'static str, &'static str);

/// There is nothing to play.
pub(super) const NO_REPLAY: Said = Said(
    "No replay yet",
    "It takes some seconds after the round, and is kept for a while.",
    "Back to lobby",
    "",
);

impl Said {
    /// The same for the notice.
    pub(super) fn words(self) -> Words {
        let Said(title, text, yes, no) = self;
        Words { title: title.to_owned(), text: text.to_owned(), yes, no, ..Words::default() }
    }
}

/// What to say about a feed that is over, or failed so many times in a row.
pub(super) fn of(ended: bool, failed: u32, freshness: Freshness) -> Option<Said> {
    let (waiting, lost) = (freshness == Freshness::Waiting, freshness == Freshness::Lost);
    if ended {
        Some(Said("This match is over", "Look for another one in the lobby.", "Results", "Back to lobby"))
    } else if failed > 2 && waiting {
        let text = "The match may be over, or the link is not right.";
        Some(Said("Nothing to watch here", text, "Try again", "Back to lobby"))
    } else if failed > 1 && lost {
        let text = "The picture goes on as soon as the server answers.";
        Some(Said("Connection lost", text, "Try now", "Back to lobby"))
    } else {
        None
    }
}
