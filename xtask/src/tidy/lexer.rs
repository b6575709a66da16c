//! Tells code from comments and literals, without understanding Rust.
//! It only has to be right about where strings, characters and comments begin and end. Called by `source`.

/// Code with everything else blanked out, so that lines and columns stay, and the blanked literals.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    /// The code.
    pub(super) code: String,
    /// Each string literal with its line, from 1.
    pub(super) literals: Vec<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Blank,
    Literal,
}

/// Splits a Rust source.
pub(super) fn lex(text: &str) -> Lexed {
    let mut code = Vec::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut line = 1;
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        let (kind, length) = next_piece(rest);
        let (piece, after) = rest.split_at(length.clamp(1, rest.len()));
        match kind {
            Kind::Code => code.extend_from_slice(piece),
            Kind::Blank | Kind::Literal => code.extend(piece.iter().copied().map(blanked)),
        }
        if kind == Kind::Literal {
            literals.push((line, String::from_utf8_lossy(piece).into_owned()));
        }
        line += piece.split(|&byte| byte == b'\n').count() - 1;
        rest = after;
    }
    Lexed { code: String::from_utf8_lossy(&code).into_owned(), literals }
}

fn blanked(byte: u8) -> u8 {
    if byte == b'\n' { byte } else { b' ' }
}

/// The kind and the length in bytes of what `rest` begins with.
fn next_piece(rest: &[u8]) -> (Kind, usize) {
    if rest.starts_with(b"//") {
        return (Kind::Blank, rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(b"/*") {
        return (Kind::Blank, block_comment(rest));
    }
    let prefix = [&b"br"[..], b"cr", b"r", b"b", b"c"].into_iter().find(|prefix| rest.starts_with(prefix));
    if let Some(length) = string(rest, prefix.unwrap_or_default()) {
        return (Kind::Literal, length);
    }
    if rest.first() == Some(&b'\'') {
        return character(rest).map_or((Kind::Code, 1), |length| (Kind::Blank, length));
    }
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    // `b'x'` is a prefix and a character, and the prefix may stay.
    (Kind::Code, word.max(1))
}

fn block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth = depth.saturating_sub(1);
            at += 2;
        } else {
            at += 1;
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a string literal with this prefix; `None` when it is none.
fn string(rest: &[u8], prefix: &[u8]) -> Option<usize> {
    let after = rest.get(prefix.len()..)?;
    let hashes =
        if prefix.ends_with(b"r") { after.iter().take_while(|&&byte| byte == b'#').count() } else { 0 };
    let body = after.get(hashes..)?.strip_prefix(b"\"")?;
    let begin = prefix.len() + hashes + 1;
    if prefix.ends_with(b"r") {
        let end = [&b"\""[..], &b"#".repeat(hashes)].concat();
        let length = body.windows(end.len()).position(|window| window == end).unwrap_or(body.len());
        return Some(begin + length + end.len());
    }
    let mut escaped = false;
    let end = body.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    Some(begin + end.map_or(body.len(), |end| end + 1))
}

/// The length of a character literal; `None` for a lifetime.
fn character(rest: &[u8]) -> Option<usize> {
    let body = rest.get(1..)?;
    if body.first() == Some(&b'\\') {
        // The escaped character itself may be a quote.
        return body.get(2..)?.iter().position(|&byte| byte == b'\'').map(|end| end + 4);
    }
    let width = 1 + body.get(1..)?.iter().take_while(|&&byte| byte & 0b1100_0000 == 0b1000_0000).count();
    (body.get(width) == Some(&b'\'')).then_some(width + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        let lexed = lex(text);
        assert_eq!(lexed.code.lines().count(), text.lines().count(), "lines stay");
        lexed.code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go() {
        assert_eq!(code("a // { b\nc /* { /* } */ { */ d"), "a c d");
        assert_eq!(code("//! head {\nfn"), "fn");
    }

    #[test]
    fn strings_go_whatever_is_in_them() {
        assert_eq!(code(r#"a("{\"{ // no", b"}") b"#), "a( , ) b");
        assert_eq!(code("a(r#\"{\" // \"#) b"), "a( ) b");
        assert_eq!(code("let over = \"two\n lines {\"; c"), "let over = ; c");
        assert_eq!(code(r#""\\" {"#), "{");
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        assert_eq!(code("'{' '\\'' '\\u{7d}' '\u{2192}' b'}'"), "b");
        assert_eq!(code("fn f<'a>(x: &'a str) {"), "fn f<'a>(x: &'a str) {");
    }

    #[test]
    fn names_that_look_like_prefixes_stay() {
        assert_eq!(code("for r in br { r#type; }"), "for r in br { r#type; }");
        assert_eq!(code("bar\"x\""), "bar");
    }

    #[test]
    fn literals_are_kept_with_their_line() {
        let lexed = lex("a\n\"one\"\nb(r\"two\")");
        assert_eq!(lexed.literals, [(2, "\"one\"".to_owned()), (3, "r\"two\"".to_owned())]);
    }
}
