//! Tests of the config's layers: which one wins, and what a person reads who wrote something wrong.
//! They use maps and texts only, so that no test depends on the process that runs it.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    layer: Layer,
}

fn compose(flags: &[&str], env: &[(&str, &str)], file: &str) -> Result<Config, String> {
    let flags = Flags::try_parse_from([&["serve"], flags].concat()).map_err(|error| error.to_string())?;
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::compose(flags.layer, &env, |_| Ok(file.to_owned())).map_err(|error| error.to_string())
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let file = "max_connections = 1\nmatches_max = 11\nlog = \"warn\"\n";
    let env =
        [("STARFRAY_MAX_CONNECTIONS", "2"), ("STARFRAY_MATCHES_MAX", "12"), ("STARFRAY_CONFIG", "x.toml")];
    let config = compose(&["--max-connections", "3"], &env, file).unwrap();
    assert_eq!((config.max_connections, config.matches_max, config.log.as_str()), (3, 12, "warn"));
    assert_eq!(config.joins_per_minute, 30);
    assert_eq!(config.listen.0.to_string(), "127.0.0.1:7777");
}

#[test]
fn times_go_with_and_without_their_unit() {
    for file in ["drain_timeout = 2", "drain_timeout_s = 2", "drain_timeout = 2.0"] {
        let config = compose(&["--config", "c"], &[], file).unwrap();
        assert_eq!(config.drain_timeout_s.0.as_secs(), 2, "{file}");
    }
    for flag in ["--drain-timeout-s", "--drain-timeout=2"] {
        let flags: Vec<&str> = if flag.contains('=') { vec![flag] } else { vec![flag, "2"] };
        assert_eq!(compose(&flags, &[], "").unwrap().drain_timeout_s.0.as_secs(), 2, "{flag}");
    }
    for name in ["STARFRAY_DRAIN_TIMEOUT", "STARFRAY_DRAIN_TIMEOUT_S"] {
        assert_eq!(compose(&[], &[(name, "2")], "").unwrap().drain_timeout_s.0.as_secs(), 2, "{name}");
    }
}

#[test]
fn lists_are_separated_by_commas() {
    let config = compose(&[], &[("STARFRAY_TRUSTED_PROXY", "127.0.0.1/32,10.0.0.0/8")], "").unwrap();
    assert_eq!(config.trusted_proxy.len(), 2);
    let file = "allowed_origins = [\"https://a.example\", \"http://b:81\"]";
    assert_eq!(compose(&["--config", "c"], &[], file).unwrap().allowed_origins.len(), 2);
}

/// Variables, a file, and how the complaint about them begins.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn what_is_wrong_is_one_line_that_names_its_place() {
    let cases: [Case; 19] = [
        (&[("STARFRAY_LISTEN", "here")], "", "STARFRAY_LISTEN: \"here\" is not an address"),
        (&[("STARFRAY_COLOUR", "red")], "", "STARFRAY_COLOUR: is not a setting"),
        (&[("STARFRAY_MAX_CONNECTIONS", "many")], "", "STARFRAY_MAX_CONNECTIONS: \"many\": invalid digit"),
        (&[("STARFRAY_TRUSTED_PROXY", "10.0.0.0/99")], "", "STARFRAY_TRUSTED_PROXY: \"10.0.0.0/99\": "),
        (
            &[("STARFRAY_DRAIN_TIMEOUT", "2"), ("STARFRAY_DRAIN_TIMEOUT_S", "3")],
            "",
            "STARFRAY_DRAIN_TIMEOUT_S: is the same setting as STARFRAY_DRAIN_TIMEOUT; keep one of them",
        ),
        (&[("STARFRAY_NATS", "nats://a:b@:1")], "", "STARFRAY_NATS: \":1\" is not like nats://HOST:4222"),
        (&[], "nats_matches = \"some\"", "c.toml:1: nats_matches: \"some\" is neither open nor all"),
        (&[], "\ncolour = \"red\"", "c.toml:2: unknown field `colour`"),
        (&[], "max_connections = \"many\"", "c.toml:1: max_connections: invalid type"),
        (&[], "listen = \"here\"", "c.toml:1: listen: \"here\" is not an address"),
        (&[], "listen = ", "c.toml:1: "),
        (&[], "max_connections = 0", "c.toml:1: max_connections: must be 1 to 1000000, not 0"),
        (&[("STARFRAY_MATCHES_MAX", "0")], "", "STARFRAY_MATCHES_MAX: must be 1 to 10000, not 0"),
        (&[], "\n silence_after_s = 3", "c.toml:2: silence_after_s: must be longer"),
        (&[], "tls_cert = \"c.pem\"", "tls_key: set tls_cert and tls_key, or neither"),
        (&[("STARFRAY_TLS_KEY", "k.pem")], "", "tls_cert: set tls_cert and tls_key, or neither"),
        (&[], "header_timeout = 1000", "c.toml:1: header_timeout_s: must be 0.1 to 60 seconds, not 1000"),
        (&[], "admin_token = \"short\"", "c.toml:1: admin_token: must have 16"),
        (&[], "log_format = \"xml\"", "c.toml:1: log_format: \"xml\" is neither text nor json"),
    ];
    for (env, file, starts) in cases {
        let error = compose(&["--config", "c.toml"], env, file).unwrap_err();
        assert!(error.starts_with(starts), "expected {starts:?}, got {error:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn variables_of_others_are_passed_over() {
    let env = [
        ("STARFRAY_BIN", "target/debug/starfray"),
        ("STARFRAY_TESTS", "all"),
        ("STARFRAY_PORT", "tcp://10.0.0.1:7777"),
        ("STARFRAY_SERVICE_HOST", "10.0.0.1"),
        ("STARFRAY_LOG", ""),
        ("HOME", "/"),
    ];
    assert_eq!(compose(&[], &env, "").unwrap().log, "info");
}

#[test]
fn a_missing_file_is_named() {
    let flags = Layer { config: Some("gone.toml".into()), ..Layer::default() };
    let error =
        Config::compose(flags, &BTreeMap::new(), |_| Err(std::io::ErrorKind::NotFound.into())).unwrap_err();
    assert!(error.to_string().starts_with("gone.toml: "), "{error}");
}

fn printed(flags: &[&str], env: &[(&str, &str)], file: &str) -> String {
    let flags = Flags::try_parse_from([&["serve"], flags].concat()).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (config, origins) = Config::trace(flags.layer, &env, |_| Ok(file.to_owned())).unwrap();
    config.to_toml(&origins).unwrap()
}

#[test]
fn what_is_printed_can_be_read_again_but_for_secrets() {
    let env = [("STARFRAY_ADMIN_TOKEN", "0123456789abcdef"), ("STARFRAY_PING_EVERY", "0.5")];
    let text = printed(&["--trusted-proxy", "10.0.0.0/8"], &env, "");
    assert!(!text.contains("0123456789abcdef") && text.contains("admin_token = \"***\""), "{text}");
    let values = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    let again = text.replace("***", "0123456789abcdef");
    assert_eq!(values(&printed(&["--config", "c"], &[], &again)), values(&text));
}

#[test]
fn each_value_is_printed_with_its_place() {
    let env = [("STARFRAY_LIMBO", "12"), ("STARFRAY_LOG", "warn")];
    let file = "log = \"debug\"\n\n# Two lines further.\nping_every = 2\n";
    let text = printed(&["--config", "c.toml", "--matches-max", "9"], &env, file);
    let line = |key: &str| {
        let found = text.lines().find(|line| line.trim_start_matches("# ").starts_with(key));
        found.unwrap_or_else(|| panic!("{key} is missing in {text}")).to_owned()
    };
    for (key, value, place) in [
        ("matches_max", "9", "# flag"),
        ("limbo_s", "12", "# STARFRAY_LIMBO"),
        ("log ", "\"warn\"", "# STARFRAY_LOG"),
        ("ping_every_s", "2", "# c.toml:4"),
        ("joins_per_minute", "30", "# default"),
    ] {
        let line = line(key);
        assert!(line.contains(&format!("= {value} ")) && line.ends_with(place), "{line}");
    }
    assert_eq!(line("tls_cert"), "# tls_cert is not set");
    assert_eq!(text.lines().count(), origins::keys().len());
}

const EXAMPLE: &str = include_str!("../../../deploy/starfray.toml");

#[test]
fn the_example_holds_every_setting_and_changes_none() {
    let example = compose(&["--config", "c"], &[], EXAMPLE).unwrap();
    let plain = compose(&[], &[], "").unwrap();
    assert_eq!(toml::Table::try_from(&example), toml::Table::try_from(&plain));
    for key in origins::keys() {
        let lines =
            EXAMPLE.lines().filter(|line| line.trim_start_matches("# ").starts_with(&format!("{key} =")));
        assert_eq!(lines.count(), 1, "deploy/starfray.toml has one line for {key}");
    }
}

#[test]
fn every_line_of_the_example_can_be_used() {
    let is_key = |key: &str| origins::keys().iter().any(|known| known == key);
    let uncommented = EXAMPLE.lines().map(|line| {
        let value = line.strip_prefix("# ");
        value.filter(|rest| rest.split_once(" = ").is_some_and(|(key, _)| is_key(key))).unwrap_or(line)
    });
    let uncommented = uncommented.collect::<Vec<_>>().join("\n");
    let config = compose(&["--config", "c"], &[], &uncommented).unwrap();
    assert!(config.admin_listen.is_some() && config.nats.is_some() && config.tls_key.is_some());
}

/// The lines above a key up to the one before it, without their signs.
fn comment_of(key: &str) -> String {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let at =
        lines.iter().position(|line| line.trim_start_matches("# ").starts_with(&format!("{key} ="))).unwrap();
    let above = lines[..at].iter().rev().take_while(|line| line.starts_with("# "));
    above.fold(String::new(), |text, line| format!("{} {text}", line.trim_start_matches("# ")))
}

#[test]
fn the_example_says_the_range_of_every_number() {
    let mut ranges = 0;
    for key in origins::keys() {
        let Err(error) = compose(&["--config", "c"], &[], &format!("{key} = 4294967295")) else { continue };
        let Some((_, range)) = error.split_once("must be ") else { continue };
        let range = range.split(['s', ',']).next().unwrap().trim();
        assert!(comment_of(&key).contains(range), "{key} is {range}, and not: {}", comment_of(&key));
        ranges += 1;
    }
    assert!(ranges > 20, "only {ranges}");
}
