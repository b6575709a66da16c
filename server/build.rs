//! Puts the built browser client into the program: a table of files with what HTTP says about each.
//! An absent client gives an empty table, so that the server builds and runs alone. `src/http/files.rs` reads the table.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

fn main() -> Result<(), Box<dyn Error>> {
    let client = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../client-web");
    let dist = client.join("dist");
    println!("cargo::rerun-if-changed=build.rs");
    // A path that does not exist would count as changed for ever, so its parent is watched until it is there.
    let watched = if dist.is_dir() { &dist } else { &client };
    println!("cargo::rerun-if-changed={}", watched.display());

    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("[\n");
    for file in files.iter().filter(|file| !is_packed(file)) {
        table.push_str(&entry(&dist, file)?);
    }
    table.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("client_files.rs"), table)?;
    Ok(())
}

/// All files below a folder.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file is the compressed twin of another.
fn is_packed(file: &Path) -> bool {
    matches!(extension(file), "br" | "gz") && file.with_extension("").is_file()
}

fn extension(file: &Path) -> &str {
    file.extension().and_then(|text| text.to_str()).unwrap_or_default()
}

/// One line of the table.
fn entry(dist: &Path, file: &Path) -> Result<String, Box<dyn Error>> {
    let name = file.strip_prefix(dist)?.to_string_lossy().replace('\\', "/");
    let mut hash = String::new();
    for byte in Sha256::digest(fs::read(file)?).iter().take(12) {
        write!(hash, "{byte:02x}")?;
    }
    let packed = |suffix: &str| {
        let twin = format!("{}.{suffix}", file.display());
        if Path::new(&twin).is_file() { format!("Some(include_bytes!({twin:?}))") } else { "None".to_owned() }
    };
    let plain = file.display().to_string();
    Ok(format!(
        "ClientFile {{ name: {name:?}, mime: {:?}, hash: {hash:?}, plain: include_bytes!({plain:?}), br: {}, gz: {} }},\n",
        mime(file),
        packed("br"),
        packed("gz"),
    ))
}

fn mime(file: &Path) -> &'static str {
    match extension(file) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
