//! Scripts written without spaces between words.

/// Whether the character belongs to Han, Hiragana, Katakana or Hangul, whose text is indexed as pairs of characters.
pub(super) fn is_cjk(c: char) -> bool {
    match c as u32 {
        0..=0x10FF => false,
        0x30A0 | 0x30FB => false, // punctuation among the Katakana
        0x3005 | 0x3007           // 々 〇
        | 0x3041..=0x30FF         // Hiragana, Katakana
        | 0x31F0..=0x31FF         // small Katakana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3134F // Han
        | 0xFF66..=0xFF9F         // half-width Katakana
        | 0xAC00..=0xD7A3 | 0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xD7B0..=0xD7FF // Hangul
            => true,
        _ => false,
    }
}

/// Whether a character that is not ASCII belongs to a word. Combining accents do.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36F}')
}
