//! Builds the browser client: Rust to WASM, WASM to a module with its JavaScript, and the page beside it.
//! It knows where the files come from; how they are written is in `dist`. Called by `play`, `test` and `build`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    cargo::{BROWSER_TARGET, cargo, run},
    dist::{self, Files},
    files,
    progress::say,
    workspace::Workspace,
};

/// Everything the browser loads to show the first page, compressed, in bytes. A slow phone has it in two seconds.
const FIRST_PAGE_BYTES_MAX: usize = 250_000;

/// What the pages of leaderboards, players and results, the operator's, and a host's panel load beside the styles; no player
/// waits for it.
const LATER_PAGES: [&str; 3] = ["records.", "admin/", "panel."];

/// Stands in text files for the build's id; the server's pages and scripts learn their version from it.
const BUILD_PLACEHOLDER: &str = "__BUILD__";

/// Builds the client into `client-web/dist`. Touches nothing there that is already right.
///
/// # Errors
/// When something does not compile, a file cannot be read or written, or the client is larger than agreed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let staging = workspace.target.join("xtask/client");
    run(
        &mut cargo(
            &workspace.root,
            ["build", "-p", "client-web", "--lib", "--profile", "wasm", "--target", BROWSER_TARGET],
        ),
        "building the browser client",
    )?;
    bind(&workspace.target.join(BROWSER_TARGET).join("wasm/client_web.wasm"), &staging)?;
    let files = assemble(read(&staging)?, read(&workspace.root.join("client-web/page"))?)?;
    let written = dist::write(&workspace.root.join("client-web/dist"), &files)?;
    report(&written)
}

/// Makes the JavaScript that a browser needs to load the module.
fn bind(module: &Path, staging: &Path) -> Result<()> {
    if staging.exists() {
        fs::remove_dir_all(staging).with_context(|| format!("cannot empty {}", staging.display()))?;
    }
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name("client")
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The default leaves out the module's address, and then `init()` without arguments fails in the browser.
        .omit_default_module_path(false)
        .generate(staging)
        .context("cannot make the client's JavaScript")
}

/// All files below `folder`.
fn read(folder: &Path) -> Result<Files> {
    let names = files::below(folder, |_| false)?;
    let read = |name: String| {
        let content = fs::read(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
        Ok((name, content))
    };
    names.into_iter().map(read).collect()
}

/// Puts the generated files and the page together and stamps the build's id into the text files.
fn assemble(generated: Files, page: Files) -> Result<Files> {
    let mut files = generated;
    for (name, content) in page {
        if files.insert(name.clone(), content).is_some() {
            bail!("client-web/page/{name} has the name of a generated file");
        }
    }
    let build = build_id(&files);
    for (name, content) in &mut files {
        if dist::is_text(name) {
            stamp(content, &build);
        }
    }
    Ok(files)
}

fn stamp(content: &mut Vec<u8>, build: &str) {
    if let Ok(text) = std::str::from_utf8(content)
        && text.contains(BUILD_PLACEHOLDER)
    {
        *content = text.replace(BUILD_PLACEHOLDER, build).into_bytes();
    }
}

/// A short hash over what the page loads: FNV-1a with 64 bits, which needs no package and no secrecy.
fn build_id(files: &Files) -> String {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let loaded = files.iter().filter(|(name, _)| matches!(dist::ending(name), Some("wasm" | "js" | "css")));
    let bytes = loaded.flat_map(|(name, content)| name.bytes().chain([0]).chain(content.iter().copied()));
    let hash = bytes.fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME));
    format!("{hash:016x}").chars().take(12).collect()
}

/// Says how large the client is.
fn report(written: &[dist::Written]) -> Result<()> {
    for file in written.iter().filter(|file| file.changed) {
        say(&format!("      {:>9} bytes, sent as {:>7}: {}", file.bytes, file.bytes_sent, file.name));
    }
    let first = written.iter().filter(|file| !LATER_PAGES.iter().any(|page| file.name.starts_with(page)));
    let total: usize = first.map(|file| file.bytes_sent).sum();
    say(&format!("      first page: {total} bytes compressed, of {FIRST_PAGE_BYTES_MAX} allowed"));
    if total > FIRST_PAGE_BYTES_MAX {
        bail!("the client is {total} bytes compressed and may be {FIRST_PAGE_BYTES_MAX}: make it smaller");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(entries: &[(&str, &str)]) -> Files {
        entries.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn the_page_learns_its_build() {
        let page = some(&[("index.html", "<a href=\"client.js?v=__BUILD__\">"), ("font.woff2", "__BUILD__")]);
        let built = assemble(some(&[("client.js", "go()")]), page).expect("no name is taken twice");
        let html = String::from_utf8(built["index.html"].clone()).expect("text");
        assert!(!html.contains(BUILD_PLACEHOLDER));
        assert_eq!(built["font.woff2"], b"__BUILD__", "only text is stamped");
    }

    #[test]
    fn the_build_id_follows_scripts_and_styles_only() {
        let first = some(&[("client.js", "go()"), ("index.html", "one")]);
        let page_differs = some(&[("client.js", "go()"), ("index.html", "two")]);
        let script_differs = some(&[("client.js", "stop()"), ("index.html", "one")]);
        assert_eq!(build_id(&first), build_id(&page_differs));
        assert_ne!(build_id(&first), build_id(&script_differs));
        assert_eq!(build_id(&first).len(), 12);
    }

    #[test]
    fn a_page_may_not_hide_a_generated_file() {
        assert!(assemble(some(&[("client.js", "")]), some(&[("client.js", "")])).is_err());
    }

    #[test]
    fn a_large_client_is_refused() {
        let file =
            |bytes_sent| dist::Written { name: "a.wasm".to_owned(), bytes: 1, bytes_sent, changed: true };
        assert!(report(&[file(FIRST_PAGE_BYTES_MAX)]).is_ok());
        assert!(report(&[file(FIRST_PAGE_BYTES_MAX), file(1)]).is_err());
    }
}
