//! Repairs JSON whose strings were not escaped.
//!
//! A search over readings of the text, cheapest first: a quote ends its string if everything behind it still reads as
//! JSON, otherwise it is text. The result is a list of edits, and the edited text is read by the strict parser, so that
//! a repair can never mean anything else than the JSON it stands for; well-formed JSON needs no edit.
//! Guards keep a repair from swallowing structure: only the long free texts may hold unescaped quotes, never together
//! with raw line breaks, and never over a member that looks like a neighbour of theirs.

use std::collections::HashSet;

use super::edits::{Edit, Why, apply, describe};

/// Deepest nesting.
const MAX_DEPTH: usize = 127;
/// Bytes looked at per byte of text before the search gives up.
const EFFORT: usize = 64;
/// Structural changes (brackets, commas, string ends) in one text.
const MAX_BOLD: u8 = 2;
/// Members whose strings may hold unescaped quotes.
const LOOSE: [&str; 4] = ["template", "content", "description", "diff"];
/// An unescaped member of this name is structure wherever it stands.
const STRUCTURE: [&str; 6] = ["path", "template", "content", "files", "params", "patches"];
/// And these as well inside a description.
const FIELDS: [&str; 8] = ["id", "name", "version", "stack", "tags", "description", "default", "required"];

/// The text as well-formed JSON and a description of what was changed; `Err` is the furthest place reached and why.
/// Costs at most 128 looks at each byte.
pub fn repair_json(text: &str) -> Result<(String, String), (usize, String)> {
    let mut furthest = (0, "no value".to_owned());
    for bold in [0, MAX_BOLD] {
        let mut search = Search::new(text, bold);
        match search.run() {
            Ok(()) => {
                let fixed = apply(text, &search.edits).ok_or_else(|| (0, "edits do not fit the text".to_owned()))?;
                return Ok((fixed, describe(&search.edits)));
            }
            Err(e) => furthest = e,
        }
    }
    Err(furthest)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Expect {
    FirstKey,
    Key,
    Colon,
    FirstValue,
    Value,
    Next,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    object: bool,
    expect: Expect,
    key: (usize, usize),
}

#[derive(Debug, Clone, Copy)]
struct Text {
    start: usize,
    key: bool,
    quotes: bool,
    breaks: bool,
}

/// Where a reading stands; the part of the state that a choice restores.
#[derive(Debug, Clone)]
struct Reading {
    at: usize,
    stack: Vec<Frame>,
    string: Option<Text>,
    done: bool,
    bold: u8,
}

/// End of a string: its place, the bold changes left, and the brackets open around it.
type StringEnd = (usize, u8, Vec<(bool, Expect)>);

/// Another reading, to be tried when the present one fails.
struct Choice {
    reading: Reading,
    edits: usize,
    edit: Edit,
}

struct Search<'a> {
    text: &'a str,
    bytes: &'a [u8],
    now: Reading,
    edits: Vec<Edit>,
    choices: Vec<Choice>,
    failed: HashSet<StringEnd>,
    looks: usize,
    furthest: (usize, &'static str),
}

type Step = Result<bool, &'static str>;

impl<'a> Search<'a> {
    fn new(text: &'a str, bold: u8) -> Self {
        let mut s = Self {
            text,
            bytes: text.as_bytes(),
            now: Reading { at: 0, stack: Vec::new(), string: None, done: false, bold },
            edits: Vec::new(),
            choices: Vec::new(),
            failed: HashSet::new(),
            looks: text.len().saturating_mul(EFFORT).saturating_add(1024),
            furthest: (0, "no value"),
        };
        if text.starts_with('\u{feff}') {
            s.edits.push(Edit::remove(0, 3, Why::ByteOrderMark));
            s.now.at = 3;
        }
        s
    }

    fn run(&mut self) -> Result<(), (usize, String)> {
        loop {
            let step = if self.now.string.is_some() { self.in_string() } else { self.between() };
            let reason = match step {
                Ok(true) => return Ok(()),
                Ok(false) if self.looks > 0 => continue,
                Ok(false) => return Err((self.furthest.0, "too many ways to read it".into())),
                Err(reason) => reason,
            };
            if self.now.at >= self.furthest.0 {
                self.furthest = (self.now.at, reason);
            }
            let Some(other) = self.choices.pop() else { return Err((self.furthest.0, self.furthest.1.to_owned())) };
            self.now = other.reading;
            self.edits.truncate(other.edits);
            self.edits.push(other.edit);
        }
    }

    fn choice(&mut self, reading: Reading, edit: Edit) {
        let edits = self.edits.partition_point(|e| e.at < edit.at);
        self.choices.push(Choice { reading, edits, edit });
    }

    /// A structural change on the present reading, while they last.
    fn boldly(&mut self, edit: Edit, reason: &'static str) -> Step {
        self.now.bold = self.now.bold.checked_sub(1).ok_or(reason)?;
        self.edits.push(edit);
        Ok(false)
    }

    /// One token outside strings.
    fn between(&mut self) -> Step {
        while self.bytes.get(self.now.at).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            self.now.at += 1;
            self.looks = self.looks.saturating_sub(1);
        }
        self.looks = self.looks.saturating_sub(1);
        let at = self.now.at;
        let Some(&byte) = self.bytes.get(at) else {
            return if self.now.done { Ok(true) } else { Err("the text ends too early") };
        };
        let Some(frame) = self.now.stack.last().copied() else {
            return match byte {
                b']' | b'}' if self.now.done => {
                    self.now.at += 1;
                    self.boldly(Edit::remove(at, 1, Why::SurplusBracket), "more text behind the end")
                }
                _ if self.now.done => Err("more text behind the end"),
                _ => self.value(byte),
            };
        };
        let closer = if frame.object { b'}' } else { b']' };
        match (frame.expect, byte) {
            (Expect::FirstKey | Expect::FirstValue | Expect::Next, b) if b == closer => self.close(),
            (Expect::Key | Expect::Value, b) if b == closer && self.comma_before(at).is_some() => {
                if let Some(comma) = self.comma_before(at) {
                    self.edits.push(Edit::remove(comma, 1, Why::TrailingComma));
                }
                self.close()
            }
            (Expect::FirstKey | Expect::Key, b'"') => {
                self.open_string(true);
                Ok(false)
            }
            (Expect::FirstKey | Expect::Key, _) => Err("expected a member name in quotes"),
            (Expect::Colon, b':') => {
                self.now.at += 1;
                self.expect(Expect::Value);
                Ok(false)
            }
            (Expect::Colon, _) => Err("expected ':'"),
            (Expect::Next, b',') => {
                self.now.at += 1;
                self.expect(if frame.object { Expect::Key } else { Expect::Value });
                Ok(false)
            }
            (Expect::Next, b'"' | b'{' | b'[') => {
                let edit = Edit::insert(at, ",", Why::MissingComma);
                self.expect(if frame.object { Expect::Key } else { Expect::Value });
                self.boldly(edit, "expected ',' or a closing bracket")
            }
            (Expect::Next, b']' | b'}') => {
                self.now.at += 1;
                self.boldly(Edit::remove(at, 1, Why::SurplusBracket), "expected ',' or a closing bracket")
            }
            (Expect::Next, _) => Err("expected ',' or a closing bracket"),
            (Expect::FirstValue | Expect::Value, _) => self.value(byte),
        }
    }

    /// The comma before `at` with only white space between.
    fn comma_before(&self, at: usize) -> Option<usize> {
        let before = self.text.get(..at)?.trim_end();
        before.ends_with(',').then(|| before.len() - 1)
    }

    fn expect(&mut self, expect: Expect) {
        if let Some(f) = self.now.stack.last_mut() {
            f.expect = expect;
        }
    }

    fn after_value(&mut self) {
        match self.now.stack.last_mut() {
            Some(f) => f.expect = Expect::Next,
            None => self.now.done = true,
        }
    }

    fn close(&mut self) -> Step {
        self.now.at += 1;
        self.now.stack.pop();
        self.after_value();
        Ok(false)
    }

    fn open_string(&mut self, key: bool) {
        self.now.at += 1;
        self.now.string = Some(Text { start: self.now.at, key, quotes: false, breaks: false });
    }

    fn value(&mut self, byte: u8) -> Step {
        match byte {
            b'"' => self.open_string(false),
            b'{' | b'[' => {
                if self.now.stack.len() >= MAX_DEPTH {
                    return Err("nested too deeply");
                }
                let object = byte == b'{';
                let expect = if object { Expect::FirstKey } else { Expect::FirstValue };
                self.now.stack.push(Frame { object, expect, key: (0, 0) });
                self.now.at += 1;
            }
            _ => {
                let rest = &self.bytes[self.now.at..];
                let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
                let end = self.now.at + rest.iter().position(|b| !word(b)).unwrap_or(rest.len());
                let token = self.text.get(self.now.at..end).unwrap_or_default();
                if serde_json::from_str::<serde_json::Value>(token).is_err() {
                    return Err("expected a value");
                }
                self.now.at = end;
                self.after_value();
            }
        }
        Ok(false)
    }

    /// From inside a string to its end (or to the end of this reading).
    fn in_string(&mut self) -> Step {
        let Some(mut string) = self.now.string else { return Ok(false) };
        while let Some(&byte) = self.bytes.get(self.now.at) {
            self.looks = self.looks.saturating_sub(1);
            let at = self.now.at;
            match byte {
                b'"' => {
                    if self.may_be_text(string, at) {
                        let mut reading = self.now.clone();
                        reading.at = at + 1;
                        reading.string = Some(Text { quotes: true, ..string });
                        self.choice(reading, Edit::insert(at, "\\", Why::Quote));
                    }
                    return self.end_string(string, at);
                }
                b'\\' => self.escape(string, at)?,
                0..0x20 => {
                    let line_break = matches!(byte, b'\n' | b'\r');
                    if string.key || line_break && string.quotes {
                        return Err("a line break or control character inside a string");
                    }
                    if line_break && self.now.bold > 0 {
                        self.offer_line_end(string, at);
                    }
                    string.breaks |= line_break;
                    self.edits.push(Edit::control(at, byte));
                    self.now.at += 1;
                }
                _ => self.now.at += 1,
            }
        }
        Err("the text ends inside a string")
    }

    fn end_string(&mut self, string: Text, at: usize) -> Step {
        self.now.at = at + 1;
        self.now.string = None;
        if string.key {
            if let Some(f) = self.now.stack.last_mut() {
                f.key = (string.start, at);
                f.expect = Expect::Colon;
            }
            return Ok(false);
        }
        self.after_value();
        let shape = self.now.stack.iter().map(|f| (f.object, f.expect)).collect();
        // A reading that comes here a second time fails as the first one did.
        if self.failed.insert((at, self.now.bold, shape)) { Ok(false) } else { Err("no end of this string fits") }
    }

    fn may_be_text(&self, string: Text, at: usize) -> bool {
        let Some(key) = self.now.stack.last().filter(|f| f.object && !string.key).and_then(|f| self.text.get(f.key.0..f.key.1))
        else {
            return false;
        };
        let names_a_member = |names: &[&str]| {
            let rest = self.text.get(at + 1..).unwrap_or_default();
            names.iter().any(|n| {
                let tail = rest.strip_prefix(n).and_then(|r| r.strip_prefix('"'));
                tail.is_some_and(|r| r.trim_start().starts_with(':'))
            })
        };
        let swallows = names_a_member(&STRUCTURE) || key == "description" && names_a_member(&FIELDS);
        LOOSE.contains(&key) && !string.breaks && !swallows
    }

    /// `"text,` and a line break: perhaps the closing quote was forgotten.
    fn offer_line_end(&mut self, string: Text, at: usize) {
        let line = self.text.get(string.start..at).unwrap_or_default().trim_end();
        if let (Some(body), false) = (line.strip_suffix(','), string.breaks) {
            let end = string.start + body.len();
            let mut reading = self.now.clone();
            reading.at = end;
            reading.string = None;
            reading.bold -= 1;
            if let Some(f) = reading.stack.last_mut() {
                f.expect = Expect::Next;
                self.choice(reading, Edit::insert(end, "\"", Why::OpenString));
            }
        }
    }

    /// A backslash: known escapes stay; `\$` and `` \` `` (left by shells) lose it; others become text.
    fn escape(&mut self, string: Text, at: usize) -> Result<(), &'static str> {
        let next = *self.bytes.get(at + 1).ok_or("the text ends inside a string")?;
        match next {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.now.at += 2,
            b'u' if self.unicode(at).is_some() => self.now.at += self.unicode(at).unwrap_or(2),
            _ if string.key => return Err("a bad escape in a member name"),
            b'$' | b'`' => self.drop_backslash(at),
            // `\\\.` is one backslash that was escaped once too often.
            b'!'..=b'~' if at >= string.start + 2 && self.escaped_backslash_before(string, at) => self.drop_backslash(at),
            _ => {
                self.edits.push(Edit::insert(at, "\\", Why::LiteralEscape));
                self.now.at += 1;
            }
        }
        Ok(())
    }

    fn drop_backslash(&mut self, at: usize) {
        self.edits.push(Edit::remove(at, 1, Why::NeedlessEscape));
        self.now.at += 2;
    }

    /// Is the text before `at` an even run of backslashes?
    fn escaped_backslash_before(&self, string: Text, at: usize) -> bool {
        let run = self.bytes[string.start..at].iter().rev().take_while(|b| **b == b'\\').count();
        run >= 2 && run.is_multiple_of(2)
    }

    /// Bytes of a well-formed `\uXXXX` (with its second half) at `at`.
    fn unicode(&self, at: usize) -> Option<usize> {
        let unit = |at: usize| {
            let hex = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            u16::from_str_radix(hex, 16).ok()
        };
        match unit(at)? {
            0xd800..0xdc00 => (0xdc00..0xe000).contains(&unit(at + 6)?).then_some(12),
            0xdc00..0xe000 => None,
            _ => Some(6),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn template(text: &str) -> Result<Value, (usize, String)> {
        let file = format!(r#"{{"id": "a", "files": [ {{ "path": "p", "template": "{text}" }} ], "patches": []}}"#);
        let (fixed, _) = repair_json(&file)?;
        let v: Value = serde_json::from_str(&fixed).unwrap();
        assert_eq!((v["id"].as_str(), v["patches"].as_array().map(Vec::len)), (Some("a"), Some(0)));
        Ok(v["files"][0]["template"].clone())
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(&repair_json(text).unwrap().0).unwrap()
    }

    #[test]
    fn unescaped_quotes_are_text() {
        let body = r#"-d '[{"id":"1","title":"Hello"}]'"#;
        assert_eq!(template(&format!(r"curl {body}\n")).unwrap(), format!("curl {body}\n"));
        assert_eq!(template(r#"expr: "text == 'x'", output: ['y'] }"#).unwrap(), r#"expr: "text == 'x'", output: ['y'] }"#);
        assert_eq!(template(r#"\"dir\": "." } ] \n}\n"#).unwrap(), "\"dir\": \".\" } ] \n}\n");
        assert_eq!(template(r#"[\n "/blog/", "/tags/"\n ],\n \"s\": 1"#).unwrap(), "[\n \"/blog/\", \"/tags/\"\n ],\n \"s\": 1");
    }

    #[test]
    fn quotes_behind_an_escaped_backslash_keep_it() {
        assert_eq!(template(r#"'{\\"a\\": \\\"b\\\"}'"#).unwrap(), r#"'{\"a\": \"b\"}'"#);
    }

    #[test]
    fn shell_escapes_lose_the_backslash_and_others_keep_it() {
        assert_eq!(template(r"T: \${{ secrets.T }} \`x\`").unwrap(), "T: ${{ secrets.T }} `x`");
        assert_eq!(template(r"f(\'a\', /0?\.\d+/)").unwrap(), r"f(\'a\', /0?\.\d+/)");
        assert_eq!(template(r"/\\\.ts$/").unwrap(), r"/\.ts$/");
        assert_eq!(template(r"\ud800 \u12 \u00e9").unwrap(), r"\ud800 \u12 é");
    }

    #[test]
    fn raw_breaks_trailing_commas_and_marks_go() {
        let text = "\u{feff}{\"a\": \"x\ny\", \"b\": [1, 2,], }";
        assert_eq!(value(text), json!({"a": "x\ny", "b": [1, 2]}));
        let what = repair_json(text).unwrap().1;
        assert!(what.starts_with("1 x byte order mark dropped, 1 x raw control"), "{what}");
        assert!(what.contains("2 x trailing comma dropped"), "{what}");
    }

    #[test]
    fn a_forgotten_quote_ends_with_its_line() {
        let text = "{\"description\": \"guide」,\r\n \"params\": [ { \"name\": \"a\" } ]\n}";
        assert_eq!(value(text), json!({"description": "guide」", "params": [{"name": "a"}]}));
    }

    #[test]
    fn a_surplus_bracket_and_a_missing_comma_are_seen() {
        assert_eq!(value("{\"files\": [ {\"path\": \"p\"} ]\n]\n}"), json!({"files": [{"path": "p"}]}));
        let text = r#"{"description": "a" "version": "1", "tags": ["x" "y"]}"#;
        assert_eq!(value(text), json!({"description": "a", "version": "1", "tags": ["x", "y"]}));
    }

    #[test]
    fn structure_is_never_swallowed() {
        let lost_quote = r#"{"id": "a", "files": [ {"path": "p", "template": "one }, {"path": "q", "template": "two" } ]}"#;
        assert!(repair_json(lost_quote).is_err());
        assert!(repair_json(r#"{"id": "a"b", "name": "n"}"#).is_err());
        // Both broken in one string: where it ends is a guess.
        assert!(repair_json("{\"template\": \"a\"\n}\n],\\n \\\"patches\\\": []\"\n}").is_err());
    }

    #[test]
    fn cut_texts_are_refused_with_their_end() {
        let (at, why) = repair_json(r#"{"id": "a", "files": [ {"path": "p", "template": "on"#).unwrap_err();
        assert_eq!((at, why.as_str()), (52, "the text ends inside a string"));
    }

    #[test]
    fn deep_nesting_and_many_quotes_end() {
        assert_eq!(repair_json(&"[".repeat(100_000)).unwrap_err().1, "nested too deeply");
        let quotes = format!(r#"{{"template": "{}"#, r#"" , "a": [ "#.repeat(5_000));
        assert!(repair_json(&quotes).is_err());
    }

    #[test]
    fn any_damage_ends_and_well_formed_stays_as_it_is() {
        let good =
            r#"{"id":"é","tags":["x","y"],"n":[-1.5e3,true,null],"files":[{"path":"p","template":"a \"b\" \\ \u00e9\n"}]}"#;
        let bytes = good.as_bytes();
        for at in 0..bytes.len() {
            for with in *b"\"\\\n,}[x \0" {
                for mode in 0..3 {
                    let mut b = bytes.to_vec();
                    match mode {
                        0 => b[at] = with,
                        1 => b.insert(at, with),
                        _ => b.truncate(at),
                    }
                    let Ok(text) = String::from_utf8(b) else { continue };
                    let lenient = repair_json(&text);
                    if serde_json::from_str::<Value>(&text).is_ok() {
                        assert_eq!(lenient.unwrap().0, text);
                    } else if let Ok((fixed, _)) = lenient {
                        serde_json::from_str::<Value>(&fixed).unwrap();
                    }
                }
            }
        }
    }
}
