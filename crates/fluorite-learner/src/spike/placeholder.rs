//! Placeholders `{{ name }}` in the text of a template.

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// As it stands.
    Text(&'a str),
    /// A placeholder with this name.
    Name(&'a str),
}

/// The parts of a text, in order. A placeholder is two braces, a name of letters, digits and `_`, two braces, blanks around the name
/// allowed. `${{ x }}` (pipelines) and `{{{ x }}}` are none, nor is anything that is no plain name (`{{ .Values.x }}`).
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find("{{") {
        let open = at + found;
        let before = text[..open].bytes().next_back();
        match name_at(&text[open + 2..]) {
            Some((name, length)) if !matches!(before, Some(b'$' | b'{')) => {
                if open > from {
                    out.push(Part::Text(&text[from..open]));
                }
                out.push(Part::Name(name));
                at = open + 2 + length;
                from = at;
            }
            _ => at = open + 1,
        }
    }
    if from < text.len() {
        out.push(Part::Text(&text[from..]));
    }
    out
}

/// The name a placeholder goes on with, and the bytes up to its end.
fn name_at(rest: &str) -> Option<(&str, usize)> {
    let trimmed = rest.trim_start_matches([' ', '\t']);
    let length = trimmed.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let name = &trimmed[..length];
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let behind = trimmed[length..].trim_start_matches([' ', '\t']);
    behind.starts_with("}}").then(|| (name, rest.len() - behind.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_look_alikes() {
        let found: Vec<&str> = parts("a {{x}} {{ y_1 }} ${{ env.Z }} ${{ q }} {{{ h }}} {{ .Values.a }} {{#if}} {{1}} {{z}}}")
            .into_iter()
            .filter_map(|p| if let Part::Name(n) = p { Some(n) } else { None })
            .collect();
        assert_eq!(found, ["x", "y_1", "z"]);
        let whole: String = parts("é{{x}}{{").iter().map(|p| if let Part::Text(t) = p { t } else { "|" }).collect();
        assert_eq!(whole, "é|{{");
    }
}
