//! A real Chromium without a window, driven over its debugging protocol: tabs that are looked at, typed into and
//! photographed. Whatever a page complains about in its console is kept, so that tests can insist on silence.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chromiumoxide::browser::{Browser as Chromium, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetFocusEmulationEnabledParams, SetTouchEmulationEnabledParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, DispatchMouseEventParams, DispatchMouseEventType,
    MouseButton,
};
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::cdp::browser_protocol::target::CreateTargetParams;
use chromiumoxide::cdp::js_protocol::runtime::{
    ConsoleApiCalledType, EvaluateParams, EventConsoleApiCalled, EventExceptionThrown,
};
use chromiumoxide::handler::viewport::Viewport;
use chromiumoxide::page::{Page, ScreenshotParams};
use futures_util::StreamExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::patience::wait_for;

/// What the page is drawn on, in pixels.
const WINDOW: (u32, u32) = (1280, 720);
/// Switches beside those that the driver sets itself; without dashes, as it wants them.
const SWITCHES: [&str; 5] = [
    "disable-quic",
    "no-first-run",
    "disable-component-update",
    "disable-background-networking",
    // The tests' certificates are nobody's.
    "ignore-certificate-errors",
];
/// Longest time in which Chromium starts on a busy machine.
const START_WITHIN: Duration = Duration::from_secs(60);

/// What a page said that no page should say.
type Complaints = Arc<Mutex<Vec<String>>>;

/// A running browser; it ends when it is dropped, and its profile with it.
pub struct Browser {
    runtime: Arc<Runtime>,
    chromium: Chromium,
    complaints: Complaints,
    _profile: TempDir,
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("complaints", &self.complaints()).finish_non_exhaustive()
    }
}

/// One page of a browser.
pub struct Tab {
    runtime: Arc<Runtime>,
    page: Page,
}

impl fmt::Debug for Tab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tab").finish_non_exhaustive()
    }
}

impl Browser {
    /// Starts Chromium with an empty profile.
    pub fn start() -> Result<Browser> {
        let runtime =
            Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?);
        let profile = TempDir::new()?;
        let (width, height) = WINDOW;
        let config = BrowserConfig::builder()
            .new_headless_mode()
            .no_sandbox()
            .window_size(width, height)
            .viewport(Viewport { width, height, ..Viewport::default() })
            .user_data_dir(profile.path())
            .launch_timeout(START_WITHIN)
            .args(SWITCHES)
            .build()
            .map_err(|e| anyhow!("{e}; install Debian's package chromium"))?;
        let (chromium, mut handler) =
            runtime.block_on(Chromium::launch(config)).context("Chromium does not start")?;
        runtime.spawn(async move { while handler.next().await.is_some() {} });
        Ok(Browser { runtime, chromium, complaints: Complaints::default(), _profile: profile })
    }

    /// Opens `url` in a window of its own, so that no page hides another.
    pub fn open(&self, url: &str) -> Result<Tab> {
        self.open_after("", url)
    }

    /// The same, but `script` runs in each of the tab's documents before anything of the page does.
    pub fn open_after(&self, script: &str, url: &str) -> Result<Tab> {
        let page = self.runtime.block_on(async {
            let blank = CreateTargetParams::builder().url("about:blank").new_window(true).build();
            let page = self.chromium.new_page(blank.map_err(anyhow::Error::msg)?).await?;
            page.enable_log().await?;
            page.enable_runtime().await?;
            self.listen(&page).await?;
            page.execute(SetFocusEmulationEnabledParams::new(true)).await?;
            if !script.is_empty() {
                page.evaluate_on_new_document(script).await?;
            }
            page.goto(url).await?;
            anyhow::Ok(page)
        })?;
        Ok(Tab { runtime: Arc::clone(&self.runtime), page })
    }

    /// Keeps what the page complains about from now on.
    async fn listen(&self, page: &Page) -> Result<()> {
        let mut calls = page.event_listener::<EventConsoleApiCalled>().await?;
        let mut exceptions = page.event_listener::<EventExceptionThrown>().await?;
        let mut entries = page.event_listener::<EventEntryAdded>().await?;
        let complaints = Arc::clone(&self.complaints);
        let keep = move |text: String| complaints.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        let (keep_call, keep_exception) = (keep.clone(), keep.clone());
        self.runtime.spawn(async move {
            while let Some(call) = calls.next().await {
                if matches!(call.r#type, ConsoleApiCalledType::Error | ConsoleApiCalledType::Assert) {
                    keep_call(format!("console: {:?}", call.args));
                }
            }
        });
        self.runtime.spawn(async move {
            while let Some(thrown) = exceptions.next().await {
                keep_exception(format!("exception: {:?}", thrown.exception_details));
            }
        });
        self.runtime.spawn(async move {
            while let Some(added) = entries.next().await {
                if added.entry.level == LogEntryLevel::Error {
                    keep(format!("log: {} {:?}", added.entry.text, added.entry.url));
                }
            }
        });
        Ok(())
    }

    /// Everything that pages complained about so far.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let (runtime, chromium) = (Arc::clone(&self.runtime), &mut self.chromium);
        runtime.block_on(async {
            // A browser that is gone needs no closing.
            drop(chromium.close().await);
            drop(tokio::time::timeout(Duration::from_secs(5), chromium.wait()).await);
        });
    }
}

impl Tab {
    /// The value of a JavaScript expression; a promise is awaited.
    pub fn eval(&self, expression: &str) -> Result<Value> {
        let parameters =
            EvaluateParams::builder().expression(expression).await_promise(true).return_by_value(true);
        let parameters = parameters.build().map_err(anyhow::Error::msg)?;
        let result = self.runtime.block_on(self.page.evaluate(parameters));
        Ok(result.with_context(|| expression.to_owned())?.value().cloned().unwrap_or(Value::Null))
    }

    /// What the page says of itself.
    pub fn state(&self) -> Result<Value> {
        self.eval("window.starfray ? window.starfray.state() : null")
    }

    /// Waits until what the page says of itself is as wanted, and returns it.
    pub fn wait_state(&self, what: &str, within: Duration, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut last = Value::Null;
        let found = wait_for(what, within, || {
            // While a page is left for another there is nobody to ask.
            last = self.state().unwrap_or_default();
            Ok(wanted(&last).then(|| last.clone()))
        });
        found.with_context(|| format!("the page's last state was {last}"))
    }

    /// Clicks the element that `selector` names.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.runtime.block_on(async {
            self.page.find_element(selector).await.with_context(|| selector.to_owned())?.click().await?;
            Ok(())
        })
    }

    /// Presses (or lets go) a key by its place on the keyboard, such as `KeyD`, with the sign that it writes.
    pub fn key(&self, code: &str, sign: &str, down: bool) -> Result<()> {
        let kind = if down { DispatchKeyEventType::KeyDown } else { DispatchKeyEventType::KeyUp };
        let event = DispatchKeyEventParams::builder().r#type(kind).code(code).key(sign).build();
        self.runtime.block_on(self.page.execute(event.map_err(anyhow::Error::msg)?))?;
        Ok(())
    }

    /// Moves the mouse, in pixels of the page.
    pub fn mouse_to(&self, x: f64, y: f64) -> Result<()> {
        self.mouse(DispatchMouseEventType::MouseMoved, x, y)
    }

    /// Presses (or lets go) the left button.
    pub fn mouse_button(&self, x: f64, y: f64, down: bool) -> Result<()> {
        let kind =
            if down { DispatchMouseEventType::MousePressed } else { DispatchMouseEventType::MouseReleased };
        self.mouse(kind, x, y)
    }

    fn mouse(&self, kind: DispatchMouseEventType, x: f64, y: f64) -> Result<()> {
        let pressed = kind == DispatchMouseEventType::MousePressed;
        let mut event = DispatchMouseEventParams::builder()
            .x(x)
            .y(y)
            .pointer_type(chromiumoxide::cdp::browser_protocol::input::DispatchMouseEventPointerType::Mouse);
        if kind != DispatchMouseEventType::MouseMoved {
            event = event.button(MouseButton::Left).buttons(i64::from(pressed)).click_count(1);
        }
        let event = event.r#type(kind).build().map_err(anyhow::Error::msg)?;
        self.runtime.block_on(self.page.execute(event))?;
        Ok(())
    }

    /// From now on the page is shown on a phone in landscape.
    pub fn be_a_phone(&self) -> Result<()> {
        self.runtime.block_on(async {
            let size = SetDeviceMetricsOverrideParams::new(844, 390, 2.0, true);
            self.page.execute(size).await?;
            self.page.execute(SetTouchEmulationEnabledParams::new(true)).await?;
            Ok(())
        })
    }

    /// From now on the page has this size, in pixels.
    pub fn resize(&self, width: i64, height: i64) -> Result<()> {
        let size = SetDeviceMetricsOverrideParams::new(width, height, 1.0, width < 600);
        self.runtime.block_on(self.page.execute(size))?;
        Ok(())
    }

    /// Photographs the page into the tests' output folder; returns the picture's path.
    pub fn photograph(&self, name: &str) -> Result<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("output");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{name}.png"));
        let parameters = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
        let bytes = self.runtime.block_on(self.page.save_screenshot(parameters, &path))?;
        anyhow::ensure!(bytes.len() > 4000, "the picture {name} is almost empty: {} bytes", bytes.len());
        Ok(path)
    }
}
