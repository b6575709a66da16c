//! Asking a server over HTTP, as scripts do: one request, one answer, errors as answers too.
//! It also reads the metrics, which are text for other programs.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use ureq::Agent;

/// Longest time for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The stable code of an error.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// A text in the body's object.
    pub fn word(&self, key: &str) -> Result<String> {
        let value = self.json();
        let word =
            value[key].as_str().with_context(|| format!("no {key} in {}: {}", self.status, self.text))?;
        Ok(word.to_owned())
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER_WITHIN)).build().into()
}

/// `GET url` with headers.
pub fn get(url: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut request = agent().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.call()?)
}

/// `POST url` with headers and a body.
pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let mut request = agent().post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.send(body)?)
}

/// `POST url` with a JSON body.
pub fn post_json(url: &str, body: &Value) -> Result<Answer> {
    post(url, &[("content-type", "application/json")], &body.to_string())
}

/// The bytes of a file and the length that its head says.
pub fn download(url: &str) -> Result<(Vec<u8>, Option<usize>)> {
    let mut response = agent().get(url).call()?;
    let length =
        response.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    Ok((response.body_mut().read_to_vec()?, length))
}

/// `DELETE url` with headers.
pub fn delete(url: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let mut request = agent().delete(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    read(request.call()?)
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<Answer> {
    let headers = response.headers().iter();
    let headers =
        headers.map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    let headers = headers.collect();
    let status = response.status().as_u16();
    Ok(Answer { status, headers, text: response.body_mut().read_to_string()? })
}

/// Hosts a match on the server at `base`; the answer of a success.
pub fn host(base: &str, settings: &Value) -> Result<Answer> {
    let answer = post_json(&format!("{base}/api/matches"), settings)?;
    ensure!(answer.status == 201, "hosting gave {}: {}", answer.status, answer.text);
    Ok(answer)
}

/// The value of a metric with just these labels, written as Prometheus does; `None` if it is not there.
pub fn metric(base: &str, name_and_labels: &str) -> Result<Option<f64>> {
    let text = get(&format!("{base}/metrics"), &[])?.text;
    let value = text.lines().find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
    value.map(|v| v.trim().parse().with_context(|| format!("{name_and_labels} is {v:?}"))).transpose()
}

/// A histogram of the metrics: how many samples were at most so large, by ascending bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets(Vec<(f64, f64)>);

impl Buckets {
    /// The histogram without labels called `name`, as it is now.
    pub fn read(base: &str, name: &str) -> Result<Buckets> {
        let text = get(&format!("{base}/metrics"), &[])?.text;
        let head = format!("{name}_bucket{{le=\"");
        let bucket = |line: &str| {
            let (bound, count) = line.strip_prefix(&head)?.split_once("\"} ")?;
            Some((bound.parse().ok()?, count.trim().parse().ok()?))
        };
        let buckets: Vec<(f64, f64)> = text.lines().filter_map(bucket).collect();
        ensure!(!buckets.is_empty(), "there is no {name}");
        Ok(Buckets(buckets))
    }

    /// What came since an earlier look.
    #[must_use]
    pub fn since(&self, earlier: &Buckets) -> Buckets {
        let new = |(now, before): (&(f64, f64), &(f64, f64))| (now.0, now.1 - before.1);
        Buckets(self.0.iter().zip(&earlier.0).map(new).collect())
    }

    /// Samples in all.
    pub fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The value below which a share of the samples lies; within a bucket by the rule of three.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = self.count() * share;
        let (mut from, mut below) = (0.0, 0.0);
        for &(bound, count) in &self.0 {
            if count >= wanted && count > below {
                let to = if bound.is_finite() { bound } else { from * 2.0 };
                return from + (to - from) * (wanted - below) / (count - below);
            }
            (from, below) = (bound, count);
        }
        from
    }
}
