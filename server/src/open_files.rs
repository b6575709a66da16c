//! How many files and sockets this process may have open, raised as far as the system lets it.
//! Without this most systems stop a server at a thousand connections. The program's start calls it.

/// Descriptors that are not players' connections: files, listeners, the runtime's own.
const SPARE: u64 = 200;
/// What is asked for where the whole maximum is refused.
#[cfg(unix)]
const MODEST: u64 = 10_240;

/// Raises the limit of open files as far as it goes. Gives the connections that fit below it, at least one;
/// `None` where there is no such limit.
#[cfg(unix)]
pub fn raise() -> Option<u32> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    // Some systems name a maximum that they do not grant.
    for current in [limit.maximum, Some(MODEST)] {
        let is_more = limit.current.is_some_and(|now| current.is_none_or(|wanted| wanted > now));
        if is_more && setrlimit(Resource::Nofile, Rlimit { current, maximum: limit.maximum }).is_ok() {
            break;
        }
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
