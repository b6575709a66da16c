//! The route of maps: what a host can choose from, with enough of each to draw a picture of it.
//! The answer carries a tag, since it changes only when somebody puts a map into the data folder.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Serialize;
use shared::arena::ArenaFile;
use tokio::task::spawn_blocking;

use super::{problem::Problem, tagged};
use crate::{maps::Map, state};

#[derive(Serialize)]
struct List {
    maps: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    about: String,
    width: f32,
    height: f32,
    /// Whether two teams have places to appear and cores.
    teams: bool,
    max_players_hint: u32,
    /// Whether the size follows the number of seats; it is then the smallest.
    grows: bool,
    walls: Vec<Vec<[f32; 2]>>,
    spawns: Vec<[f32; 2]>,
    cores: Vec<[f32; 2]>,
}

impl From<Map> for Listed {
    fn from(map: Map) -> Listed {
        let arena = ArenaFile::from(map.arena(1));
        Listed {
            grows: map.grows(),
            name: map.name,
            title: map.title,
            about: map.about,
            width: arena.width,
            height: arena.height,
            teams: !arena.cores.is_empty() && !arena.team_spawns.is_empty(),
            max_players_hint: map.players_hint,
            walls: arena.walls,
            spawns: arena.spawns,
            cores: arena.cores,
        }
    }
}

/// `GET /api/maps`
pub async fn list(State(state): State<Arc<state::State>>, headers: HeaderMap) -> Result<Response, Problem> {
    let looking = spawn_blocking(move || state.maps.list());
    let maps = looking.await.map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the maps could not be listed")
    })?;
    tagged::json(&headers, &List { maps: maps.into_iter().map(Listed::from).collect() })
}
