//! A real nginx in front of a server, as operators have it: with its defaults, with short time-outs, with what our
//! documents advise, or holding some requests back for ever. It ends when it is dropped.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::patience::wait_for;

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    /// Where requests that are held back end: accepted by the system and never read.
    _hold: TcpListener,
    _folder: TempDir,
}

impl Nginx {
    /// An nginx that passes everything to `upstream`, with these directives where it passes, and that holds back all
    /// requests whose path fits one of the regular expressions in `held`.
    pub fn passing(upstream: SocketAddr, directives: &str, held: &[&str]) -> Result<Nginx> {
        let hold = TcpListener::bind("127.0.0.1:0")?;
        let to = hold.local_addr()?;
        let location = |path: &&str| format!("location ~ {path} {{ proxy_pass http://{to}; }}");
        let held = held.iter().map(location).collect::<Vec<_>>().join("\n");
        let server = format!(
            "server {{ listen 127.0.0.1:80;\n{held}location / {{ proxy_pass http://{upstream}; {directives} }} }}"
        );
        Nginx::start(&server, hold)
    }

    /// An nginx with the configuration that `docs/hosting.md` shows, in front of `upstream`.
    pub fn as_documented(upstream: SocketAddr, directives: &str) -> Result<Nginx> {
        let page = include_str!("../../docs/hosting.md");
        let block = page.split("```nginx\n").nth(1).and_then(|rest| rest.split("```").next());
        let server = block
            .context("docs/hosting.md has no block for nginx")?
            .replace("listen 80;", &format!("listen 127.0.0.1:80; {directives}"))
            .replace("127.0.0.1:7777", &upstream.to_string());
        Nginx::start(&server, TcpListener::bind("127.0.0.1:0")?)
    }

    fn start(server: &str, hold: TcpListener) -> Result<Nginx> {
        let folder = TempDir::new()?;
        // Free a moment ago, and nobody else's soon: the system hands out others first.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let server = server.replace("127.0.0.1:80;", &format!("{address};"));
        let config = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr crit;\n\
             events {{ worker_connections 512; }}\n\
             http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy;\n\
             fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n{server}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config)?;
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .context("nginx could not be started; `cargo xtask test` installs it")?;
        let nginx = Nginx { address, child, _hold: hold, _folder: folder };
        wait_for("nginx to listen", Duration::from_secs(10), || Ok(TcpStream::connect(address).ok()))?;
        Ok(nginx)
    }

    /// The address of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, which is fine.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
