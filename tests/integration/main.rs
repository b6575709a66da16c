//! The whole server over real sockets.
//! One file for each thing that must hold.
