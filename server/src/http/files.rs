//! The browser client's files, which are part of the program: by name, in the encoding that the browser takes.
//! Each has a strong entity tag, so that a second visit fetches nothing. It knows nothing of what the files do.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::problem::Problem;
use crate::state;

/// One file of the client, as the build script wrote it down.
struct ClientFile {
    name: &'static str,
    mime: &'static str,
    hash: &'static str,
    plain: &'static [u8],
    br: Option<&'static [u8]>,
    gz: Option<&'static [u8]>,
}

static FILES: &[ClientFile] = &include!(concat!(env!("OUT_DIR"), "/client_files.rs"));

/// The page of every address of the game.
const PAGE: &str = "index.html";
/// The page of what is left of rounds, which needs no game.
const RECORDS: &str = "records.html";
/// The operator's page, and the folder of what belongs to it, which players are not shown.
const ADMIN_PAGE: &str = "admin/index.html";
const ADMIN_FOLDER: &str = "admin/";
const ABSENT: &str = "the browser client is not built in: run cargo xtask build\n";

/// What the page may do: its own scripts and `WebAssembly`, and sockets to the address that it is told to use.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws: wss:; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'self'; object-src 'none'";

/// `GET /`, `/play/{match}`, `/watch/{match}`, `/playground`, `/compare`
pub async fn page(State(_): State<Arc<state::State>>, request: Request) -> Response {
    document(PAGE, &request)
}

/// `GET /leaderboard`, `/player`, `/player/{id}`, `/results/{id}`
pub async fn records(State(_): State<Arc<state::State>>, request: Request) -> Response {
    document(RECORDS, &request)
}

fn document(name: &str, request: &Request) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::CACHE_CONTROL, "no-store")], ABSENT)
            .into_response();
    };
    let query = request.uri().query().unwrap_or_default();
    let may_be_framed =
        request.uri().path().starts_with("/watch/") && query.split('&').any(|pair| pair == "overlay=1");
    serve(file, request.headers(), may_be_framed)
}

/// `GET /admin`, where operators ask.
pub async fn admin_page(State(_): State<Arc<state::State>>, request: Request) -> Response {
    document(ADMIN_PAGE, &request)
}

/// `GET /admin/{file}`, where operators ask.
pub async fn admin_file(State(_): State<Arc<state::State>>, request: Request) -> Response {
    any_file(&request)
}

/// Every other address: a file of the client, or nothing.
pub async fn file(State(_): State<Arc<state::State>>, request: Request) -> Response {
    if request.uri().path().trim_start_matches('/').starts_with(ADMIN_FOLDER) {
        return Problem::of_status(StatusCode::NOT_FOUND).into_response();
    }
    any_file(&request)
}

fn any_file(request: &Request) -> Response {
    let name = request.uri().path().trim_start_matches('/');
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match FILES.iter().find(|file| file.name == name) {
        Some(file) if is_read => serve(file, request.headers(), false),
        Some(_) => Problem::of_status(StatusCode::METHOD_NOT_ALLOWED).into_response(),
        None => Problem::of_status(StatusCode::NOT_FOUND).into_response(),
    }
}

fn serve(file: &ClientFile, headers: &HeaderMap, may_be_framed: bool) -> Response {
    let (bytes, encoding) = match (file.br, file.gz) {
        (Some(br), _) if accepts(headers, "br") => (br, Some("br")),
        (_, Some(gz)) if accepts(headers, "gzip") => (gz, Some("gzip")),
        _ => (file.plain, None),
    };
    let tag = format!("\"{}{}\"", file.hash, encoding.map(|name| format!("-{name}")).unwrap_or_default());
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = ([(header::CONTENT_TYPE, file.mime)], bytes).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let fields = response.headers_mut();
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    fields.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    fields.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        fields.insert(header::ETAG, tag);
    }
    if file.mime.starts_with("text/html") {
        let framed = if may_be_framed { "frame-ancestors *" } else { "frame-ancestors 'none'" };
        if let Ok(policy) = HeaderValue::try_from(format!("{POLICY}; {framed}")) {
            fields.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        fields.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    response
}

/// Whether the browser takes an encoding, going by name, `*` and `q=0`.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let mut answer = None;
    for item in lines.flat_map(|line| line.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)));
        if name.eq_ignore_ascii_case(encoding) {
            return !refused;
        }
        if name == "*" {
            answer = Some(!refused);
        }
    }
    answer.unwrap_or(false)
}

/// Whether the caller has the thing with this entity tag already.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn encodings_are_taken_as_the_browser_says() {
        for (value, br, gzip) in [
            ("gzip, deflate, br, zstd", true, true),
            ("gzip;q=1.0, br;q=0", false, true),
            ("*", true, true),
            ("*;q=0, gzip", false, true),
            ("identity", false, false),
            ("", false, false),
        ] {
            let headers = headers(header::ACCEPT_ENCODING, value);
            assert_eq!((accepts(&headers, "br"), accepts(&headers, "gzip")), (br, gzip), "{value}");
        }
    }

    #[test]
    fn a_known_tag_is_found_in_a_list() {
        for (value, known) in
            [("\"a\"", true), ("\"b\", W/\"a\"", true), ("*", true), ("\"b\"", false), ("a", false)]
        {
            assert_eq!(is_known(&headers(header::IF_NONE_MATCH, value), "\"a\""), known, "{value}");
        }
    }

    const FILE: ClientFile = ClientFile {
        name: "client_bg.wasm",
        mime: "application/wasm",
        hash: "77",
        plain: b"plain",
        br: Some(b"br"),
        gz: None,
    };

    #[test]
    fn a_file_says_what_it_is() {
        let response = serve(&FILE, &headers(header::ACCEPT_ENCODING, "br"), false);
        let field = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(field(header::CONTENT_TYPE).as_deref(), Some("application/wasm"));
        assert_eq!(field(header::CONTENT_ENCODING).as_deref(), Some("br"));
        assert_eq!(field(header::ETAG).as_deref(), Some("\"77-br\""));
        assert_eq!(field(header::VARY).as_deref(), Some("Accept-Encoding"));
        let plain = serve(&FILE, &HeaderMap::new(), false);
        assert_eq!(plain.headers()[header::ETAG], "\"77\"");
        let again = serve(&FILE, &headers(header::IF_NONE_MATCH, "\"77\""), false);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.headers().get(header::CONTENT_TYPE).is_none());
    }

    #[test]
    fn only_the_overlay_may_be_framed() {
        let page = ClientFile { name: PAGE, mime: "text/html; charset=utf-8", ..FILE };
        let policy = |framed| {
            serve(&page, &HeaderMap::new(), framed).headers()[header::CONTENT_SECURITY_POLICY].clone()
        };
        assert!(policy(false).to_str().unwrap().ends_with("frame-ancestors 'none'"));
        assert!(policy(true).to_str().unwrap().ends_with("frame-ancestors *"));
    }
}
