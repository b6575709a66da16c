//! What the broker's subjects are called: where events go, where keyframes are asked for, where the bridge listens.
//! Consumers and operators' rights rely on them; `docs/protocol.md` says the same.

use crate::matches::id::MatchId;

/// What every request for a match's present state begins with.
const NOW: &str = "starfray.now.";

/// Where the events of a match go.
pub fn feed(id: &MatchId) -> String {
    format!("starfray.feed.{id}")
}

/// Where all requests come from.
pub fn every_request() -> String {
    format!("{NOW}*")
}

/// Which match a request on `subject` is about.
pub fn asked_match(subject: &str) -> Option<&str> {
    subject.strip_prefix(NOW)
}

/// Where a bridge hears itself, so that it knows what the broker has taken.
pub fn echo(name: &MatchId) -> String {
    format!("starfray.bridge.{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_and_its_requests_are_told_apart() {
        let id = MatchId::from_random([0; 10]);
        assert_eq!(feed(&id), "starfray.feed.2222222222");
        assert_eq!(asked_match("starfray.now.2222222222"), Some(id.as_str()));
        assert_eq!(asked_match(&feed(&id)), None);
        assert_eq!(every_request(), "starfray.now.*");
    }
}
