//! Which texts ask for nothing.

/// Nothing but white space, control characters and characters that are not shown.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Unicode's default ignorable code points, and the empty Braille pattern.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn blank_is_what_nobody_sees() {
        for text in [
            "",
            " ",
            "\t\r\n",
            "\u{3000}",
            "\u{a0}\u{200b}",
            "\u{feff}",
            "\0",
            "\u{2060}\u{fe0f}",
            "\u{e0067}",
            "\u{2800}",
            "\u{3164}",
        ] {
            assert!(is_blank(text), "{text:?}");
        }
        for text in ["a", " 0 ", "?", "認証", "\u{200b}x", "👩\u{200d}💻", "\u{301}", "*"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
