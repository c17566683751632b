//! Inside a string: where it ends, and what its escapes mean.

use super::{Edit, Expect, Search, Step, Text, Why};

/// Members whose strings may hold unescaped quotes.
const LOOSE: [&str; 4] = ["template", "content", "description", "diff"];
/// An unescaped member of this name is structure wherever it stands.
const STRUCTURE: [&str; 6] = ["path", "template", "content", "files", "params", "patches"];
/// And these as well inside a description.
const FIELDS: [&str; 8] = ["id", "name", "version", "stack", "tags", "description", "default", "required"];

impl Search<'_> {
    /// From inside a string to its end (or to the end of this reading).
    pub(super) fn in_string(&mut self) -> Step {
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
