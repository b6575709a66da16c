//! The servers of the fan-out: Starfray's way out, nginx with nchan, axum's `Sse`; how each is started, and which
//! process does the work. It measures nothing. Called by `fanout`.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    bench::{child::Running, contenders::Programs},
    programs,
};

/// The project itself.
pub(super) const STARFRAY: &str = "starfray";
const NCHAN: &str = "nchan";
/// Everybody, in the order in which they run.
pub(super) const CONTENDERS: [&str; 3] = [STARFRAY, NCHAN, "axum-sse"];

/// Where Debian puts the module.
const NCHAN_MODULE: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";
/// How long a server may take to listen.
const START_WITHIN: Duration = Duration::from_secs(30);

/// A server that runs.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: String,
    /// The process that does the work.
    pub(super) worker: u32,
    /// Whether events come from outside.
    is_published_to: bool,
    _running: Running,
    _folder: Option<Folder>,
}

/// A folder that goes with its server.
#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the target folder.
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// What the audience must be told if it is to make the events.
    pub(super) fn publish_args(&self, bytes: u32) -> Vec<String> {
        let args = ["--publish".to_owned(), "/publish".to_owned(), "--bytes".to_owned(), bytes.to_string()];
        if self.is_published_to { args.to_vec() } else { Vec::new() }
    }
}

/// Starts `contender` on `core`, with a text of `bytes` in each event.
///
/// # Errors
/// When it is not there or does not listen in time.
pub(super) fn start(
    (programs, starfray): (&Programs, &Path),
    contender: &str,
    (core, bytes): (usize, u32),
) -> Result<Server> {
    if contender == NCHAN {
        return nchan(programs, core);
    }
    let program = if contender == STARFRAY { starfray.to_owned() } else { programs.peers.join(contender) };
    let args = ["--bytes".to_owned(), bytes.to_string()];
    let mut running = Running::start(&program, &args, &programs.root, core)?;
    let address = running.wait_for_output("listening on http://", START_WITHIN)?;
    let worker = running.id();
    Ok(Server { address, worker, is_published_to: false, _running: running, _folder: None })
}

fn nchan(programs: &Programs, core: usize) -> Result<Server> {
    let nginx = programs::find(&["nginx"]).or_else(|| Some(PathBuf::from("/usr/sbin/nginx")));
    let nginx = nginx.filter(|file| file.is_file() && Path::new(NCHAN_MODULE).is_file());
    let nginx = nginx.context("nginx with nchan is not there (Debian: nginx-light, libnginx-mod-nchan)")?;
    let folder = Folder(programs.data.join("nchan"));
    fs::create_dir_all(&folder.0)?;
    // Free a moment ago, and nobody else's soon: the system hands out others first.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
    let file = folder.0.join("nginx.conf");
    fs::write(&file, config(&address))?;
    let words = ["-p".as_ref(), folder.0.as_os_str(), "-c".as_ref(), file.as_os_str()];
    let args = words.map(|word| word.to_string_lossy().into_owned());
    let running = Running::start(&nginx, &args, &programs.root, core)?;
    let end = Instant::now() + START_WITHIN;
    while TcpStream::connect(&address).is_err() {
        if Instant::now() > end {
            bail!("nginx does not listen");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Without a master process the one that was started does all the work.
    let worker = running.id();
    Ok(Server { address, worker, is_published_to: true, _running: running, _folder: Some(folder) })
}

/// One process, channels in memory, nothing logged.
fn config(address: &str) -> String {
    format!(
        "load_module {NCHAN_MODULE};\n\
         daemon off; master_process off; worker_rlimit_nofile 20000;\n\
         pid nginx.pid; error_log stderr crit;\n\
         events {{ worker_connections 10000; use epoll; multi_accept on; }}\n\
         http {{\n\
         access_log off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 600s;\n\
         client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;\n\
         uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n\
         nchan_shared_memory_size 128M;\n\
         server {{\n\
         listen {address} backlog=4096;\n\
         location /publish {{ nchan_publisher http; nchan_channel_id arena;\n\
         nchan_message_buffer_length 10; nchan_message_timeout 10s; }}\n\
         location /feed {{ nchan_subscriber eventsource; nchan_channel_id arena;\n\
         nchan_subscriber_first_message newest; }}\n\
         }}\n}}\n"
    )
}
