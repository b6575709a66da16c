//! The rules on single words: promises for later, paths of one machine, endless queues, scattered metric names.
//! It looks at words and never at meaning. Called by `tidy` for every file.

use super::{
    Finding,
    source::{Source, Token},
};

/// Promises that nobody keeps. Written apart, so that this file keeps its own rule.
const PROMISES: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];

/// Beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Ways to make a queue without a maximum.
const ENDLESS_QUEUES: [&str; 4] = ["unbounded_channel", "UnboundedSender", "UnboundedReceiver", "unbounded"];

/// The one place for metric names, as a file or a folder.
const METRIC_NAMES_PLACE: &str = "server/src/telemetry";

/// What every metric's name begins with.
const METRIC_PREFIX: &str = "starfray_";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        findings.extend(
            line_complaints(line).into_iter().map(|what| Finding::new(&source.path, index + 1, what)),
        );
    }
    findings.extend(endless_queues(source));
    findings.extend(distant_relatives(source));
    findings.extend(metric_names(source));
    findings
}

fn line_complaints(line: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if let Some(word) = words.find(|word| PROMISES.contains(word)) {
        complaints.push(format!("`{word}`: do it now, or file it as an issue and take the word out"));
    }
    if let Some(path) = MACHINE_PATHS.into_iter().find(|path| line.contains(path)) {
        complaints.push(format!("`{path}` exists on one machine only: say it relative to the project"));
    }
    complaints
}

fn endless_queues(source: &Source) -> Vec<Finding> {
    let endless = |token: &Token<'_>| ENDLESS_QUEUES.contains(&token.text);
    let what = "a queue without a maximum: state one, and what happens when it is full";
    source
        .tokens()
        .iter()
        .filter(|token| endless(token))
        .map(|token| Finding::new(&source.path, token.line, what))
        .collect()
}

fn distant_relatives(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens();
    let climbs = |four: &&[Token<'_>]| four.iter().map(|token| token.text).eq(["super", ":", ":", "super"]);
    let what = "`super::super`: name the way from `crate`";
    tokens
        .windows(4)
        .filter(climbs)
        .filter_map(|four| four.first())
        .map(|token| Finding::new(&source.path, token.line, what))
        .collect()
}

fn metric_names(source: &Source) -> Vec<Finding> {
    if source.path.starts_with(METRIC_NAMES_PLACE) {
        return Vec::new();
    }
    let outside =
        source.literals.iter().filter(|(line, text)| !source.is_test_line(*line) && holds_metric(text));
    let what =
        format!("a metric's name outside {METRIC_NAMES_PLACE}.rs: give it a constant there and use that");
    outside.map(|(line, _)| Finding::new(&source.path, *line, what.clone())).collect()
}

/// Whether a literal holds the prefix with a name after it.
fn holds_metric(literal: &str) -> bool {
    let mut after = literal.split(METRIC_PREFIX).skip(1);
    after.any(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(path, text.as_bytes())).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn promises_are_found_as_whole_words_in_any_file() {
        let promise = PROMISES[0];
        assert_eq!(lines("docs/a.md", &format!("fine\n{promise}: more")), [2]);
        assert_eq!(lines("a.rs", &format!("// {promise}(me)\nlet MA{promise} = 1;")), [1]);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        let path = MACHINE_PATHS[0];
        assert_eq!(lines("README.md", &format!("see {path}x")), [1]);
        assert!(lines("README.md", "the network/socket path").is_empty());
    }

    #[test]
    fn endless_queues_are_found_in_code_only() {
        assert_eq!(lines("a/src/b.rs", "let q = mpsc::unbounded_channel();\n// unbounded is bad"), [1]);
    }

    #[test]
    fn climbing_twice_is_found() {
        assert_eq!(lines("a/src/b.rs", "use super::a;\nuse super::super::b;"), [2]);
    }

    #[test]
    fn metric_names_stay_in_their_place() {
        let text = "const A: &str = \"starfray_players\";";
        assert_eq!(lines("server/src/http.rs", text), [1]);
        assert!(lines("server/src/telemetry.rs", text).is_empty());
        assert!(lines("tests/integration/metrics.rs", text).is_empty());
        assert!(lines("server/src/http.rs", &format!("#[cfg(test)]\nmod tests {{ {text} }}")).is_empty());
        assert!(lines("server/src/http.rs", "// starfray_players\nlet prefix = \"starfray_\";").is_empty());
    }
}
