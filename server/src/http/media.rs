//! Which of the forms that a route offers a request would rather have, by its `Accept` (RFC 9110, section 12.5.1).
//! It knows names and weights; the route says what it has.

use axum::http::{HeaderMap, header};

/// Most entries of `Accept` that are looked at.
const ENTRIES_MAX: usize = 32;

/// The place in `offered` of the media type that a request prefers; the first one if it does not care. `None` if it
/// accepts none of them.
pub fn preferred(headers: &HeaderMap, offered: &[&str]) -> Option<usize> {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let entries: Vec<(&str, u16)> =
        lines.flat_map(|line| line.split(',')).filter_map(entry).take(ENTRIES_MAX).collect();
    if !headers.contains_key(header::ACCEPT) {
        return Some(0);
    }
    let weights = offered.iter().map(|media| weight(&entries, media));
    // Of equals the first one wins.
    let best = weights.enumerate().rev().max_by_key(|(_, weight)| *weight)?;
    (best.1 > 0).then_some(best.0)
}

/// A media range and its weight in thousandths.
fn entry(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight = match weight.map(str::parse::<f32>) {
        None => 1.0,
        Some(Ok(weight)) if (0.0..=1.0).contains(&weight) => weight,
        Some(_) => return None,
    };
    Some((range, (weight * 1000.0) as u16))
}

/// What the most exact range that fits `media` says; 0 if none does.
fn weight(entries: &[(&str, u16)], media: &str) -> u16 {
    let fit = |range: &str| match range {
        "*/*" => Some(1),
        range if range.eq_ignore_ascii_case(media) => Some(3),
        range => {
            let family = range.strip_suffix("/*")?;
            let (own, _) = media.split_once('/')?;
            family.eq_ignore_ascii_case(own).then_some(2)
        }
    };
    let fits = entries.iter().filter_map(|(range, weight)| Some((fit(range)?, *weight)));
    fits.max().map_or(0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(accept: &[&'static str]) -> Option<usize> {
        let mut headers = HeaderMap::new();
        for line in accept {
            headers.append(header::ACCEPT, line.parse().unwrap());
        }
        preferred(&headers, &["text/event-stream", "application/x-ndjson"])
    }

    #[test]
    fn the_heaviest_and_most_exact_wins() {
        for (accept, place) in [
            (vec![], Some(0)),
            (vec!["*/*"], Some(0)),
            (vec!["text/event-stream"], Some(0)),
            (vec!["application/x-ndjson"], Some(1)),
            (vec!["Application/X-NDJSON;q=0.9"], Some(1)),
            (vec!["text/event-stream;q=0.2, application/x-ndjson;q=0.3"], Some(1)),
            (vec!["text/event-stream;q=0.2", "application/*"], Some(1)),
            (vec!["*/*;q=0.5, text/event-stream;q=0"], Some(1)),
            (vec!["text/html, application/json"], None),
            (vec!["text/event-stream;q=0"], None),
            (vec!["text/event-stream;q=nonsense"], None),
            (vec![""], None),
            (vec![",,;;q=1,*/*;q=0.001"], Some(0)),
        ] {
            assert_eq!(choose(&accept), place, "{accept:?}");
        }
    }
}
