//! The rule on sizes: a function fits on a screen, a file into a head.
//! It counts lines and knows no names. Called by `tidy` for every file.

use super::{
    Finding,
    source::{Source, closing, end_of_head},
};

/// Lines of a function from `fn` to its closing brace.
const FUNCTION_LINES_MAX: usize = 60;

/// Lines of a file, without what is compiled for tests only.
const FILE_LINES_MAX: usize = 400;

/// A file that only holds data says so within its first lines, and may be long.
const DATA_TABLE_MARK: &str = "// tidy: data table";

/// The mark must be seen at once.
const MARK_WITHIN_LINES: usize = 10;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let mut findings = long_functions(source);
    let lines = source.lines_outside_tests();
    if lines > FILE_LINES_MAX && !is_data_table(source) {
        let what = format!("{lines} lines, may be {FILE_LINES_MAX}: split it by what it is about");
        findings.push(Finding::new(&source.path, 1, what));
    }
    findings
}

fn is_data_table(source: &Source) -> bool {
    source.text.lines().take(MARK_WITHIN_LINES).any(|line| line.trim() == DATA_TABLE_MARK)
}

fn long_functions(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens();
    let mut findings = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        let [keyword, name] = pair else { continue };
        // `fn(` is the type of a pointer.
        if keyword.text != "fn" || name.text == "(" {
            continue;
        }
        let Some(open) = end_of_head(&tokens, index) else { continue };
        let Some(last) = tokens.get(closing(&tokens, open)) else { continue };
        let lines = last.line - keyword.line + 1;
        if lines > FUNCTION_LINES_MAX {
            let what = format!(
                "function `{}` has {lines} lines, may have {FUNCTION_LINES_MAX}: give its parts names of their own",
                name.text
            );
            findings.push(Finding::new(&source.path, keyword.line, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<Finding> {
        check(&Source::new("server/src/a.rs", text.as_bytes()))
    }

    fn function(lines: usize) -> String {
        format!("fn long(a: [u8; 3]) {{\n{}}}\n", "    a(\"}\");\n".repeat(lines - 2))
    }

    #[test]
    fn a_function_may_have_sixty_lines() {
        assert_eq!(findings(&function(60)), []);
        let long = findings(&format!("type F = fn(u8);\n{}", function(61)));
        assert_eq!(long.len(), 1);
        assert_eq!(long[0].line, 2);
        assert!(long[0].what.contains("`long` has 61 lines"));
    }

    #[test]
    fn a_declaration_has_no_body() {
        let text = format!("trait T {{\n    fn a(&self);\n{}}}\n", "    // more\n".repeat(70));
        assert_eq!(findings(&text), []);
    }

    #[test]
    fn a_file_may_have_four_hundred_lines_beside_its_tests() {
        let code = "const A: u8 = 1;\n".repeat(400);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// a test\n".repeat(300));
        assert_eq!(findings(&format!("{code}{tests}")), []);
        let long = findings(&format!("{code}const B: u8 = 1;\n{tests}"));
        assert!(long[0].what.starts_with("401 lines"), "{long:?}");
    }

    #[test]
    fn a_table_of_data_is_excused_when_it_says_so() {
        let rows = "const A: u8 = 1;\n".repeat(401);
        assert_eq!(findings(&format!("//! Rows.\n// tidy: data table\n{rows}")), []);
        assert_eq!(findings(&format!("{rows}// tidy: data table\n")).len(), 1);
    }
}
