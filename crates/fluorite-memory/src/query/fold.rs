//! One spelling for the widths and compositions in which East Asian text is typed.
//!
//! The part of NFKC that queries meet: full-width Latin, half-width Katakana, and accents and Hangul in parts, as file names
//! of macOS have them. Case stays, because Latin words of a query may be identifiers.

/// U+FF66 to U+FF9D in order.
const HALF_WIDTH: [char; 56] = [
    'ヲ', 'ァ', 'ィ', 'ゥ', 'ェ', 'ォ', 'ャ', 'ュ', 'ョ', 'ッ', 'ー', 'ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ',
    'サ', 'シ', 'ス', 'セ', 'ソ', 'タ', 'チ', 'ツ', 'テ', 'ト', 'ナ', 'ニ', 'ヌ', 'ネ', 'ノ', 'ハ', 'ヒ', 'フ', 'ヘ', 'ホ', 'マ',
    'ミ', 'ム', 'メ', 'モ', 'ヤ', 'ユ', 'ヨ', 'ラ', 'リ', 'ル', 'レ', 'ロ', 'ワ', 'ン',
];

/// The characters of a text in their usual width and composed. Linear.
pub(super) fn fold(text: &str) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(text.len() / 2);
    for c in text.chars() {
        match c {
            '\u{FF01}'..='\u{FF5E}' => out.push(shifted(c, 0xFF01, 0x21)),
            '\u{3000}' | '・' | '･' => out.push(' '),
            '\u{FF66}'..='\u{FF9D}' => out.push(HALF_WIDTH[c as usize - 0xFF66]),
            '\u{3099}' | '\u{FF9E}' => compose(&mut out, voiced),
            '\u{309A}' | '\u{FF9F}' => compose(&mut out, half_voiced),
            '\u{1161}'..='\u{1175}' => compose(&mut out, |lead| vowel_after(lead, c)),
            '\u{11A8}'..='\u{11C2}' => compose(&mut out, |syllable| final_after(syllable, c)),
            c => out.push(c),
        }
    }
    out
}

/// The character as far from `to` as `c` is from `from`.
fn shifted(c: char, from: u32, to: u32) -> char {
    char::from_u32(c as u32 - from + to).unwrap_or(c)
}

/// Changes the last character; a mark that fits none is dropped, it says nothing alone.
fn compose(out: &mut [char], with: impl Fn(char) -> Option<char>) {
    if let Some(last) = out.last_mut()
        && let Some(composed) = with(*last)
    {
        *last = composed;
    }
}

fn voiced(kana: char) -> Option<char> {
    match kana {
        'ウ' => Some('ヴ'),
        'う' => Some('ゔ'),
        _ if "かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ".contains(kana) => {
            char::from_u32(kana as u32 + 1)
        }
        _ => None,
    }
}

fn half_voiced(kana: char) -> Option<char> {
    if "はひふへほハヒフヘホ".contains(kana) { char::from_u32(kana as u32 + 2) } else { None }
}

/// Hangul composition, as the Unicode standard defines it (chapter 3.12): 21 vowels, 28 finals with none among them.
fn vowel_after(lead: char, vowel: char) -> Option<char> {
    let lead = (lead as u32).checked_sub(0x1100).filter(|lead| *lead < 19)?;
    char::from_u32(0xAC00 + (lead * 21 + (vowel as u32 - 0x1161)) * 28)
}

fn final_after(syllable: char, end: char) -> Option<char> {
    let index = (syllable as u32).checked_sub(0xAC00).filter(|index| *index < 11_172 && index % 28 == 0)?;
    char::from_u32(0xAC00 + index + (end as u32 - 0x11A7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).into_iter().collect()
    }

    #[test]
    fn widths_and_parts_become_usual_characters() {
        assert_eq!(folded("ＡＰＩ　ｷｰ！"), "API キー!");
        assert_eq!(folded("ﾃﾞｰﾀﾍﾞｰｽ・ﾌﾟﾛｷｼ"), "データベース プロキシ");
        assert_eq!(folded("デー\u{30D5}\u{309A}"), "デープ");
        assert_eq!(folded("\u{1109}\u{1165}\u{1107}\u{1165}"), "서버");
        assert_eq!(folded("\u{110B}\u{1175}\u{11AB}\u{110C}\u{1173}\u{11BC}"), "인증");
        assert_eq!(folded("useState ok"), "useState ok");
    }

    #[test]
    fn stray_marks_are_dropped() {
        assert_eq!(folded("\u{3099}a\u{309A}\u{FF9E}"), "a");
        assert_eq!(folded("a\u{1161}가\u{11A8}\u{11A8}"), "a각");
    }
}
