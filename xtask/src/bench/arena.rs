//! Hosts the match that is measured: one POST to a server that has just been started.
//! A plain request over a socket, since one request is no reason for an HTTP library. Called by whatever starts a server.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hosts a match on the map `open` with room for `players` at `address`; its id.
///
/// # Errors
/// When the server does not answer with a match.
pub(super) fn host(address: &str, players: u32) -> Result<String> {
    host_with(address, &json!({ "name": "bench", "map": "open", "max_players": players, "duration_s": 3600 }))
}

/// Hosts a match with these settings at `address`; its id.
///
/// # Errors
/// When the server does not answer with a match.
pub(super) fn host_with(address: &str, settings: &Value) -> Result<String> {
    let body = settings.to_string();
    let mut socket = TcpStream::connect(address).with_context(|| format!("nobody answers at {address}"))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    write!(
        socket,
        "POST /api/matches HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).context("no answer to the request for a match")?;
    match match_id(&answer) {
        Some(id) => Ok(id),
        None => bail!("hosting a match was answered: {}", answer.lines().next().unwrap_or_default()),
    }
}

fn match_id(answer: &str) -> Option<String> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    if !head.starts_with("HTTP/1.1 201") {
        return None;
    }
    let object = body.get(body.find('{')?..=body.rfind('}')?)?;
    let hosted: Value = serde_json::from_str(object).ok()?;
    hosted.get("id")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_read_from_a_good_answer_only() {
        let good = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n\r\n{\"id\":\"k3\",\"host_token\":\"x\"}";
        assert_eq!(match_id(good).as_deref(), Some("k3"));
        assert_eq!(match_id(&good.replace("201 Created", "429 Too Many Requests")), None);
    }
}
