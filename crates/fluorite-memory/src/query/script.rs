//! Classes of characters, as far as finding words in text without spaces needs them.

/// The writing system of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    /// Chinese characters, of any language.
    Han,
    /// The Japanese syllables of grammar.
    Hiragana,
    /// The Japanese syllables of loan words.
    Katakana,
    /// Korean syllables.
    Hangul,
    /// Everything else.
    Other,
}

impl Script {
    /// Class of a character whose width is folded.
    pub(super) fn of(c: char) -> Script {
        match c as u32 {
            0..=0x2FFF => Script::Other,
            0x3041..=0x3096 | 0x309D..=0x309F => Script::Hiragana,
            0x30A1..=0x30FA | 0x30FC..=0x30FF | 0x31F0..=0x31FF => Script::Katakana, // ー is written in loan words
            0xAC00..=0xD7A3 => Script::Hangul,
            0x3005 | 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD => Script::Han,
            _ => Script::Other,
        }
    }

    /// Whether words of this script carry meaning that a lexicon should cover; Hiragana is mostly grammar.
    pub(super) fn is_content(self) -> bool {
        matches!(self, Script::Han | Script::Katakana | Script::Hangul)
    }
}

/// Whether a character belongs to a block made for Chinese, Japanese or Korean, punctuation and width forms included.
pub(crate) fn is_cjk(c: char) -> bool {
    match c as u32 {
        0..=0x10FF => false,
        0x1100..=0x11FF                     // Hangul in parts
        | 0x2E80..=0x303F                   // radicals, punctuation
        | 0x3041..=0x33FF                   // kana, Bopomofo, old Hangul letters, enclosed and squared characters
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF // Han
        | 0xA960..=0xA97F | 0xAC00..=0xD7FF // Hangul
        | 0xF900..=0xFAFF                   // compatibility Han
        | 0xFE30..=0xFE4F                   // vertical punctuation
        | 0xFF01..=0xFFEF                   // full and half width
        | 0x16FE0..=0x18DFF | 0x1AFF0..=0x1B2FF // Tangut and neighbours, more kana
        | 0x1F200..=0x1F2FF                 // enclosed Han
        | 0x20000..=0x3FFFD => true,        // rare Han
        _ => false,
    }
}
