//! JSON requests with `fetch`. A failure is always an [`ApiError`] with the server's stable word, or "network".
//! It knows no route; `api` does.

use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{RequestInit, Response};

use super::json::Json;
use crate::web::dom::window;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The stable word; "network" if no answer came, "answer" if it made no sense.
    pub word: String,
    /// What to do about it.
    pub message: String,
}

impl ApiError {
    fn network() -> ApiError {
        ApiError { word: "network".to_owned(), message: "The server does not answer.".to_owned() }
    }

    /// The server's answer makes no sense.
    pub fn answer(status: u16) -> ApiError {
        ApiError {
            word: "answer".to_owned(),
            message: format!("The server answered something unexpected ({status})."),
        }
    }
}

/// Asks for `url`.
pub async fn get(url: &str) -> Result<Json, ApiError> {
    send(url, &RequestInit::new()).await
}

/// Sends `body` to `url`.
pub async fn post(url: &str, body: &Json) -> Result<Json, ApiError> {
    post_as(url, body, None).await
}

/// Sends `body` to `url` with a token.
pub async fn post_as(url: &str, body: &Json, token: Option<&str>) -> Result<Json, ApiError> {
    let text = body.to_text().ok_or_else(ApiError::network)?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&JsValue::from_str(&text));
    let mut headers = Json::object().with("content-type", "application/json");
    if let Some(token) = token {
        headers = headers.with("authorization", format!("Bearer {token}"));
    }
    options.set_headers(&headers.into_js());
    send(url, &options).await
}

/// Asks for `url`, whose answer is no JSON as a whole.
pub async fn get_text(url: &str) -> Result<String, ApiError> {
    match fetch(url, &RequestInit::new()).await? {
        (200, text) => Ok(text),
        (status, _) => Err(ApiError::answer(status)),
    }
}

async fn send(url: &str, options: &RequestInit) -> Result<Json, ApiError> {
    let (status, text) = fetch(url, options).await?;
    let body = Json::parse(&text).ok_or_else(|| ApiError::answer(status))?;
    if (200..300).contains(&status) {
        return Ok(body);
    }
    let (word, message) = (body.get("error").text(), body.get("message").text());
    Err(word
        .zip(message)
        .map_or_else(|| ApiError::answer(status), |(word, message)| ApiError { word, message }))
}

/// The status and the text of an answer.
async fn fetch(url: &str, options: &RequestInit) -> Result<(u16, String), ApiError> {
    let window = window().map_err(|_| ApiError::network())?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(url, options)).await;
    let response: Response = answer.ok().and_then(|a| a.dyn_into().ok()).ok_or_else(ApiError::network)?;
    let status = response.status();
    let text = match response.text() {
        Ok(promise) => JsFuture::from(promise).await.ok().and_then(|t| t.as_string()),
        Err(_) => None,
    };
    Ok((status, text.ok_or_else(ApiError::network)?))
}
