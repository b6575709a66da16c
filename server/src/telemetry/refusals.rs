//! Requests and connections that were refused: every reason by its stable word, and the count of each.
//! It knows no route and no connection; whoever refuses says why.

use metrics::counter;

/// Requests and connections that were refused, by reason.
pub const REJECTED: &str = "starfray_rejected_total";

/// Why a request or a connection is refused; each is at zero from the start, so that a first one shows as a rise.
pub const REJECTIONS: [&str; 22] = [
    "accept_failed",
    "bad_handshake",
    "bad_settings",
    "bad_token",
    "banned",
    "body_too_large",
    "connections_full",
    "connections_per_address",
    "header_timeout",
    "host_rate",
    "https_required",
    "join_rate",
    "match_full",
    "origin_not_allowed",
    "password",
    "playgrounds_full",
    "protocol_version",
    "queue_full",
    "tls_handshake",
    "too_many_matches",
    "unauthorized",
    "unread_response",
];

/// Describes the metric, and puts every reason at zero.
pub(super) fn describe() {
    metrics::describe_counter!(REJECTED, "Requests and connections refused, by reason");
    for reason in REJECTIONS {
        counter!(REJECTED, "reason" => reason).absolute(0);
    }
}

/// Counts a refusal; `reason` is one of [`REJECTIONS`].
pub fn rejected(reason: &'static str) {
    counter!(REJECTED, "reason" => reason).increment(1);
}
