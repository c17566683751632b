//! A template's text as tokens, its own names taken out.

use std::collections::HashSet;

use crate::spike::SpikeTemplate;

/// What stands for a template's own name in its normal form.
const OWN: &str = "\u{1}";

/// Tokens of a text: words, single marks, and runs of white space. Together they are the text.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' => 0,
        c if c.is_whitespace() => 1,
        _ => 2,
    };
    let mut out = Vec::new();
    let mut from = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let now = kind(c);
        if last.is_some_and(|l| l != now || l == 2) {
            out.push(&text[from..at]);
            from = at;
        }
        last = Some(now);
    }
    if from < text.len() {
        out.push(&text[from..]);
    }
    out
}

/// Words by which a template names itself: those of its id, and its stack. They are what a family differs in.
fn names_of(t: &SpikeTemplate) -> HashSet<String> {
    let words =
        t.id.split(|c: char| !c.is_alphanumeric()).chain(t.stack.iter().flat_map(|s| s.split(|c: char| !c.is_alphanumeric())));
    words.filter(|w| w.len() > 1).map(str::to_lowercase).collect()
}

/// The tokens that say how a template is built: lowercased, without white space, own names made equal, file paths included.
pub(crate) fn normal_tokens(t: &SpikeTemplate) -> Vec<String> {
    let own = names_of(t);
    let one = |w: &str| {
        let lower = w.to_lowercase();
        if own.contains(&lower) { OWN.to_owned() } else { lower }
    };
    let texts = t.files.iter().flat_map(|f| [f.path.as_str(), "\n", f.template.as_str(), "\n"]);
    texts.flat_map(tokens).filter(|w| !w.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_together_are_the_text() {
        let text = "const a_1 = f(x);\n\n  日本 ok";
        assert_eq!(tokens(text).concat(), text);
        assert_eq!(tokens("a==b  c"), ["a", "=", "=", "b", "  ", "c"]);
    }
}
