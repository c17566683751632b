//! Between strings: brackets, commas, colons, numbers and words.

use super::{Edit, Expect, Frame, Search, Step, Text, Why};

/// Deepest nesting.
const MAX_DEPTH: usize = 127;

impl Search<'_> {
    /// One token outside strings.
    pub(super) fn between(&mut self) -> Step {
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

    pub(super) fn expect(&mut self, expect: Expect) {
        if let Some(f) = self.now.stack.last_mut() {
            f.expect = expect;
        }
    }

    pub(super) fn after_value(&mut self) {
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

    pub(super) fn open_string(&mut self, key: bool) {
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
}
