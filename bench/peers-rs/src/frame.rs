//! The head of a binary WebSocket frame as a server sends it (RFC 6455, 5.2): one frame a message, no mask.
//! Used by the floor that writes its own bytes.

/// A whole frame round `payload`.
pub fn binary(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x82];
    match payload.len() {
        short @ 0..126 => frame.push(short as u8),
        middle @ 126..65_536 => {
            frame.push(126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_grows_with_the_payload() {
        for (payload, head) in [(125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
            assert_eq!(binary(&vec![0; payload]).len(), payload + head);
        }
    }
}
