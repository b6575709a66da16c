//! A socket is an open file, and the usual limit is a thousand of them: too few for a thousand players.
//! Every program of the bench lifts it first, as far as it may.

#[cfg(unix)]
use rustix::process::{Resource, getrlimit, setrlimit};

/// Lifts the limit to the highest that the system allows. If that fails, the run says so by itself.
pub fn raise_limit() {
    #[cfg(unix)]
    {
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
