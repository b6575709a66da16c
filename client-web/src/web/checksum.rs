//! The proof that this browser simulates as the server does: an export for tests, which no page calls.
//! The run itself knows no browser.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::determinism::checksum_of_run;

/// [`checksum_of_run`] as hexadecimal digits: JavaScript's numbers cannot hold 64 bits.
#[wasm_bindgen]
pub fn checksum(seed: u32, ticks: u32) -> String {
    format!("{:016x}", checksum_of_run(u64::from(seed), ticks))
}
