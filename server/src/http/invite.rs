//! The routes of a match's invitation: its link for others, as JSON and as a QR code to be scanned by a phone.
//! The link is one that others can open, whatever address the one who asks has used.

use std::{fmt::Write, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;

use super::{matches::find, problem::Problem, visit::Visit};
use crate::state;

/// Light modules on each side of the code, as its standard wants them.
const QUIET_MODULES: usize = 4;

#[derive(Serialize)]
struct Invite {
    play_url: String,
    /// Whether nobody but this machine can open it.
    only_here: bool,
}

/// `GET /api/matches/{id}/invite`
pub async fn link(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
) -> Result<Response, Problem> {
    let invite = invite(&state, &id, &visit)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(invite)).into_response())
}

/// `GET /api/matches/{id}/invite.svg`
pub async fn code(
    State(state): State<Arc<state::State>>,
    Path(id): Path<String>,
    Extension(visit): Extension<Visit>,
) -> Result<Response, Problem> {
    let invite = invite(&state, &id, &visit)?;
    let picture = picture(&invite.play_url).ok_or_else(|| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the link is too long for a code")
    })?;
    let head = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
    Ok((head, picture).into_response())
}

fn invite(state: &state::State, id: &str, visit: &Visit) -> Result<Invite, Problem> {
    let game = find(state, id)?;
    let base = visit.invite_base(state);
    Ok(Invite { play_url: format!("{base}/play/{}", game.id().as_str()), only_here: base.is_loopback() })
}

/// `text` as a code of squares with a side of 1; `None` if it is too long.
fn picture(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width();
    let whole = side + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (row, modules) in code.to_colors().chunks(side).enumerate() {
        for (column, _) in modules.iter().enumerate().filter(|(_, module)| **module == Color::Dark) {
            // A string takes everything.
            let _ = write!(path, "M{} {}h1v1h-1z", column + QUIET_MODULES, row + QUIET_MODULES);
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{whole}v{whole}H0z\"/><path fill=\"#06131a\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_code_with_its_three_corners() {
        let picture = picture("http://192.168.1.20:7777/play/k3v9k3v9k3v9k3v9").unwrap();
        assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>"));
        // The corner's outer ring is seven modules long, behind four light ones.
        for column in 4..11 {
            assert!(picture.contains(&format!("M{column} 4h1")), "{column}");
        }
        assert!(!picture.contains("M11 4h1") && !picture.contains("M3 4h1"));
        assert!(super::picture(&"x".repeat(5000)).is_none());
    }
}
