//! What hides the network from a player, each of which a playground can switch off to show what it does.
//! Everywhere else all of them are on.

/// The switches of the client's netcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aids {
    /// The own ship moves at once, before the server knows.
    pub prediction: bool,
    /// Others are drawn a little in the past, smoothly; otherwise where the newest snapshot says.
    pub interpolation: bool,
    /// The view tells where the server has the own ship.
    pub ghost: bool,
}

impl Default for Aids {
    fn default() -> Aids {
        Aids { prediction: true, interpolation: true, ghost: false }
    }
}
