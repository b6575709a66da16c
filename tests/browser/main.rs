//! The page in a real Chromium, against the real server.
//! One file for each thing that must hold.
