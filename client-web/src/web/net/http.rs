//! JSON requests with `fetch`. A failure is always an [`ApiError`] with the server's stable word, or "network".
//! It knows no route; `api` does.

use js_sys::futures::JsFuture;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{RequestInit, Response};

use crate::web::dom::window;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The stable word; "network" if no answer came, "answer" if it made no sense.
    #[serde(rename = "error")]
    pub word: String,
    /// What to do about it.
    pub message: String,
}

impl ApiError {
    fn network() -> ApiError {
        ApiError { word: "network".to_owned(), message: "The server does not answer.".to_owned() }
    }

    fn answer(status: u16) -> ApiError {
        ApiError {
            word: "answer".to_owned(),
            message: format!("The server answered something unexpected ({status})."),
        }
    }
}

/// Asks for `url`.
pub async fn get<T: DeserializeOwned>(url: &str) -> Result<T, ApiError> {
    send(url, &RequestInit::new()).await
}

/// Sends `body` to `url`.
pub async fn post<B: Serialize, T: DeserializeOwned>(url: &str, body: &B) -> Result<T, ApiError> {
    let text = serde_json::to_string(body).map_err(|_| ApiError::network())?;
    let options = RequestInit::new();
    options.set_method("POST");
    options.set_body(&JsValue::from_str(&text));
    let headers = js_sys::Object::new();
    let set = js_sys::Reflect::set(&headers, &"content-type".into(), &"application/json".into());
    set.map_err(|_| ApiError::network())?;
    options.set_headers(&headers);
    send(url, &options).await
}

async fn send<T: DeserializeOwned>(url: &str, options: &RequestInit) -> Result<T, ApiError> {
    let window = window().map_err(|_| ApiError::network())?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(url, options)).await;
    let response: Response = answer.ok().and_then(|a| a.dyn_into().ok()).ok_or_else(ApiError::network)?;
    let status = response.status();
    let text = match response.text() {
        Ok(promise) => JsFuture::from(promise).await.ok().and_then(|t| t.as_string()),
        Err(_) => None,
    };
    let text = text.ok_or_else(ApiError::network)?;
    if response.ok() {
        return serde_json::from_str(&text).map_err(|_| ApiError::answer(status));
    }
    Err(serde_json::from_str(&text).unwrap_or_else(|_| ApiError::answer(status)))
}
