//! The rules as a file of TOML: the one that comes with the program, or an operator's own. What a file leaves out keeps its
//! standard value; whatever is wrong is one line that names file, line and field. It decides no number.

use std::collections::BTreeMap;
use std::path::Path;

use shared::rule_book::{Kind, RULE_NAMES, RULE_RANGES, RuleBook, RuleName, Weapon};
use thiserror::Error;
use toml::{Spanned, Value};

/// The rules that come with the program.
const OWN: &str = include_str!("../../assets/rules.toml");
/// A longer file is no rules file.
const BYTES_MAX: u64 = 64 << 10;

/// The keys of a section.
type Section = BTreeMap<Spanned<String>, Spanned<Value>>;

/// Why a file is no rules file. One line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    /// The file can't be read at all.
    #[error("{file}: {message}")]
    Unread {
        /// Which file.
        file: String,
        /// Why.
        message: String,
    },
    /// Something in it is wrong.
    #[error("{file}, line {line}: {message}")]
    Wrong {
        /// Which file.
        file: String,
        /// Where, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
}

/// The rules of `file`, or those that come with the program.
pub fn load(file: Option<&Path>) -> Result<RuleBook, RulesError> {
    let Some(path) = file else { return read("rules.toml", OWN) };
    let name = path.display().to_string();
    let unread = |message: String| RulesError::Unread { file: name.clone(), message };
    let bytes = std::fs::metadata(path).map_err(|e| unread(e.to_string()))?.len();
    if bytes > BYTES_MAX {
        return Err(unread(format!("has {bytes} bytes, more than {BYTES_MAX}")));
    }
    let text = std::fs::read_to_string(path).map_err(|e| unread(e.to_string()))?;
    read(&name, &text)
}

/// Reads the text of the file called `file`.
pub fn read(file: &str, text: &str) -> Result<RuleBook, RulesError> {
    let wrong = |at: usize, message: String| {
        let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
        RulesError::Wrong { file: file.to_owned(), line, message }
    };
    let sections: BTreeMap<Spanned<String>, Spanned<Value>> = toml::from_str(text)
        .map_err(|e: toml::de::Error| wrong(e.span().map_or(0, |span| span.start), one_line(e.message())))?;
    // Sections are read a second time each, so that a key where a section should be is told as such.
    for (name, value) in &sections {
        if !value.get_ref().is_table() || RULE_NAMES.iter().all(|rule| rule.section != name.get_ref()) {
            return Err(wrong(name.span().start, unknown_section(name.get_ref())));
        }
    }
    let sections: BTreeMap<String, Section> = toml::from_str(text)
        .map_err(|e: toml::de::Error| wrong(e.span().map_or(0, |span| span.start), one_line(e.message())))?;
    let mut numbers = RuleBook::STANDARD.numbers();
    for (section, keys) in &sections {
        for (key, value) in keys {
            let field = format!("{section}.{}", key.get_ref());
            let place =
                RULE_NAMES.iter().position(|rule| rule.section == section && rule.field == key.get_ref());
            let known =
                place.and_then(|place| Some((RULE_NAMES.get(place)?, numbers.get_mut(place)?, place)));
            let Some((rule, number, place)) = known else {
                return Err(wrong(key.span().start, unknown_field(&field, section)));
            };
            let range = RULE_RANGES.get(place).copied().unwrap_or_default();
            *number = number_of(rule, value.get_ref(), range).ok_or_else(|| {
                wrong(value.span().start, out_of_range(&field, rule, value.get_ref(), range))
            })?;
        }
    }
    RuleBook::try_from(numbers.as_slice()).map_err(|e| wrong(0, e.to_string()))
}

/// What `value` is in the table; `None` if it is of another kind or out of its range.
fn number_of(rule: &RuleName, value: &Value, (low, high): (f32, f32)) -> Option<f32> {
    let number = match (rule.kind, value) {
        (Kind::Number | Kind::Whole, Value::Integer(whole)) => *whole as f32,
        (Kind::Number, Value::Float(number)) => *number as f32,
        (Kind::Flag, Value::Boolean(flag)) => f32::from(u8::from(*flag)),
        (Kind::Weapon, Value::String(word)) => Weapon::WORDS.iter().position(|known| known == word)? as f32,
        _ => return None,
    };
    (low..=high).contains(&number).then_some(number)
}

fn out_of_range(field: &str, rule: &RuleName, value: &Value, (low, high): (f32, f32)) -> String {
    let wanted = match rule.kind {
        Kind::Number => format!("a number from {low} to {high}"),
        Kind::Whole => format!("a whole number from {low} to {high}"),
        Kind::Flag => "true or false".to_owned(),
        Kind::Weapon => Weapon::WORDS.map(|word| format!("\"{word}\"")).join(" or "),
    };
    format!("{field} must be {wanted}, not {}", one_line(&value.to_string()))
}

fn unknown_section(name: &str) -> String {
    let mut known: Vec<&str> = RULE_NAMES.iter().map(|rule| rule.section).collect();
    known.dedup();
    format!("there is no section [{}]; there are {}", one_line(name), known.join(", "))
}

fn unknown_field(field: &str, section: &str) -> String {
    let known: Vec<&str> =
        RULE_NAMES.iter().filter(|rule| rule.section == section).map(|rule| rule.field).collect();
    format!("there is no rule {}; [{section}] has {}", one_line(field), known.join(", "))
}

/// The beginning of `text` as one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_file_holds_every_standard_value() {
        assert_eq!(load(None), Ok(RuleBook::STANDARD));
        let sections: BTreeMap<String, BTreeMap<String, Value>> = toml::from_str(OWN).unwrap();
        assert_eq!(sections.values().map(BTreeMap::len).sum::<usize>(), RULE_NAMES.len());
    }

    #[test]
    fn what_is_left_out_keeps_its_value() {
        let book = read("own.toml", "[ship]\nsecond = \"mines\"\n[teams]\nfriendly_fire = true\n").unwrap();
        assert_eq!((book.ship.second, book.teams.friendly_fire), (3.0, 1.0));
        assert_eq!(book.blaster, RuleBook::STANDARD.blaster);
        assert_eq!(read("own.toml", ""), Ok(RuleBook::STANDARD));
    }

    #[test]
    fn what_is_wrong_is_named_by_file_line_and_field() {
        for (text, expected) in [
            (
                "[rail]\n\ndamage = 101",
                "own.toml, line 3: rail.damage must be a whole number from 1 to 100, not 101",
            ),
            (
                "[rail]\ndamage = 5.5",
                "own.toml, line 2: rail.damage must be a whole number from 1 to 100, not 5.5",
            ),
            (
                "[ship]\nthrust = nan",
                "own.toml, line 2: ship.thrust must be a number from 50 to 4000, not nan",
            ),
            (
                "[ship]\nthrust = \"fast\"",
                "own.toml, line 2: ship.thrust must be a number from 50 to 4000, not \"fast\"",
            ),
            (
                "[teams]\nfriendly_fire = 1",
                "own.toml, line 2: teams.friendly_fire must be true or false, not 1",
            ),
            (
                "[ship]\nsecond = \"laser\"",
                "own.toml, line 2: ship.second must be \"none\" or \"rail\" or \"scatter\" or \"mines\", not \"laser\"",
            ),
            (
                "\n[lasers]\n",
                "own.toml, line 2: there is no section [lasers]; there are ship, blaster, rail, scatter, mines, pickups, teams, cores, goals",
            ),
            (
                "damage = 3",
                "own.toml, line 1: there is no section [damage]; there are ship, blaster, rail, scatter, mines, pickups, teams, cores, goals",
            ),
            (
                "[teams]\nfirendly = true",
                "own.toml, line 2: there is no rule teams.firendly; [teams] has friendly_fire",
            ),
        ] {
            assert_eq!(read("own.toml", text).unwrap_err().to_string(), expected);
        }
        let broken = read("own.toml", "[rail]\ndamage = = 4\n").unwrap_err().to_string();
        assert!(broken.starts_with("own.toml, line 2: ") && !broken.contains('\n'), "{broken}");
        let missing = load(Some(Path::new("/nowhere/rules.toml"))).unwrap_err().to_string();
        assert!(missing.starts_with("/nowhere/rules.toml: "), "{missing}");
    }
}
