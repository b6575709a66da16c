//! Which pages may act for a player: our own, and those of sites that the config names. A browser says truthfully
//! where a page comes from; a request that says nothing is no page's. Asked for every POST and every upgrade.

use axum::http::{HeaderMap, StatusCode, header};

use super::{problem::Problem, visit::Visit};
use crate::{config::BaseUrl, state::State, telemetry::rejected};

/// Where the request's page comes from: `None` is no page or our own, else a site that the config allows.
/// Fails for all other pages, and for those that hide where they come from.
pub fn check(headers: &HeaderMap, visit: &Visit, state: &State) -> Result<Option<BaseUrl>, Problem> {
    let Some(value) = headers.get(header::ORIGIN) else { return Ok(None) };
    let origin = value.to_str().ok().and_then(|text| text.parse::<BaseUrl>().ok()).ok_or_else(refusal)?;
    if is_own(&origin, visit, state) {
        return Ok(None);
    }
    if state.allowed_origins.contains(&origin) {
        return Ok(Some(origin));
    }
    Err(refusal())
}

fn is_own(origin: &BaseUrl, visit: &Visit, state: &State) -> bool {
    if state.public_url.as_ref() == Some(origin) {
        return true;
    }
    // Without a trusted proxy's word the scheme is not known: somebody may have put https in front of us.
    if visit.https.is_some_and(|https| https != origin.is_https()) {
        return false;
    }
    let host = visit.host.as_deref().unwrap_or_default();
    BaseUrl::from_host(origin.is_https(), host).is_ok_and(|own| own == *origin)
}

fn refusal() -> Problem {
    rejected("origin_not_allowed");
    let message =
        "pages of this origin may not act here; the server's setting allowed_origins lists those that may";
    Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", message)
}
