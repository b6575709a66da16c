//! Which route stands at which address: the whole map of what the server answers, on one page.
//! The accept loop calls what is made here for each request; nothing here knows sockets.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{delete, get, post},
};

use crate::{
    http::{
        bans, events, feed_poll, feed_socket, files, gate, health, host, input, invite, join, lobby_live,
        maps, matches, operator_acts, operator_pass, operator_watch, players, playground, poll,
        problem::Problem, quick, replays, results, socket, stream,
    },
    state::State,
};

/// What players and spectators ask.
pub fn public(state: &Arc<State>) -> Router {
    Router::new()
        .route("/", get(files::page))
        .route("/play/{match}", get(files::page))
        .route("/watch/{match}", get(files::page))
        .route("/replay/{match}", get(files::page))
        .route("/playground", get(files::page))
        .route("/compare", get(files::page))
        .route("/leaderboard", get(files::records))
        .route("/player", get(files::records))
        .route("/player/{id}", get(files::records))
        .route("/results/{id}", get(files::records))
        .route("/api/matches", get(matches::list).post(matches::host))
        .route("/api/matches/live", get(lobby_live::events))
        .route("/api/quick", post(quick::find))
        .route("/api/matches/{id}", get(matches::one))
        .route("/api/matches/{id}/invite", get(invite::link))
        .route("/api/matches/{id}/invite.svg", get(invite::code))
        .route("/api/matches/{id}/join", post(join::join))
        .route("/api/matches/{id}/host/{action}", post(host::act))
        .route("/api/matches/{id}/ws", get(socket::connect))
        .route("/api/maps", get(maps::list))
        .route("/api/playground", post(playground::open))
        .route("/api/playground/{id}", post(playground::change))
        .route("/api/matches/{id}/stream", get(stream::open))
        .route("/api/matches/{id}/poll", get(poll::poll))
        .route("/api/matches/{id}/input", post(input::put))
        .route("/api/matches/{id}/events", get(events::watch))
        .route("/api/matches/{id}/feed", get(events::watch_any))
        .route("/api/matches/{id}/feed/poll", get(feed_poll::poll))
        .route("/api/matches/{id}/feed/ws", get(feed_socket::connect))
        .route("/api/results", get(results::list))
        .route("/api/results/{id}", get(results::one))
        .route("/api/leaderboard", get(results::leaderboard))
        .route("/api/player", get(players::own).post(players::rename).delete(players::delete))
        .route("/api/players/{id}", get(players::one))
        .route("/api/replays", get(replays::list))
        .route("/api/replays/{id}", get(replays::one))
        .route("/api/replays/{id}/feed", get(replays::feed))
        .route("/api/replays/{id}/file", get(replays::file))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics_here))
        .merge(operator(state).route_layer(from_fn_with_state(Arc::clone(state), operator_pass::here)))
        .fallback(files::file)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(state), gate::pass))
        .with_state(Arc::clone(state))
}

/// What operators ask on the address set apart for them.
pub fn admin(state: &Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/", get(files::admin_page))
        .route("/style.css", get(files::file))
        .route("/favicon.svg", get(files::file))
        .route("/starfray-saira.woff2", get(files::file))
        .merge(operator(state))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::clone(state))
}

/// The operator's page, which is nothing without the word, and what asks for it.
fn operator(state: &Arc<State>) -> Router<Arc<State>> {
    Router::new()
        .route("/admin/api/state", get(operator_watch::now))
        .route("/admin/events", get(operator_watch::events))
        .route("/admin/api/matches/{id}", get(operator_watch::one))
        .route("/admin/api/matches/{id}/end", post(operator_acts::end))
        .route("/admin/api/matches/{id}/kick", post(operator_acts::kick))
        .route("/admin/api/matches/{id}/ban", post(operator_acts::ban))
        .route("/admin/api/broadcast", post(operator_acts::broadcast))
        .route("/admin/api/drain", post(operator_acts::drain))
        .route("/admin/api/bans", get(bans::list).post(bans::add))
        .route("/admin/api/bans/{id}", delete(bans::remove))
        .route("/api/admin/bans", get(bans::list).post(bans::add))
        .route("/api/admin/bans/{id}", delete(bans::remove))
        .route_layer(from_fn_with_state(Arc::clone(state), operator_pass::word))
        .route("/admin", get(files::admin_page))
        .route("/admin/{file}", get(files::admin_file))
}

async fn wrong_method() -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
}

async fn no_route() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests;
