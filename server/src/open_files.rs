//! How many files and sockets this process may have open, raised as far as the system lets it.
//! Without this most systems stop a server at a thousand connections. The program's start calls it.

/// Descriptors that are not players' connections: files, listeners, the runtime's own.
const SPARE: u64 = 200;

/// Raises the limit of open files as far as it goes. Gives the connections that fit below it, at least one;
/// `None` where there is no such limit.
#[cfg(unix)]
pub fn raise() -> Option<u32> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if limit.current != limit.maximum && setrlimit(Resource::Nofile, raised).is_err() {
        tracing::debug!("the limit of open files stays as it is");
    }
    let current = getrlimit(Resource::Nofile).current?;
    Some(u32::try_from(current.saturating_sub(SPARE).max(1)).unwrap_or(u32::MAX))
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub fn raise() -> Option<u32> {
    let _ = SPARE;
    None
}
