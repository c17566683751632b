//! The changes that make broken JSON well-formed, and their words.

/// Why a place was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    ByteOrderMark,
    Quote,
    LiteralEscape,
    NeedlessEscape,
    Control,
    TrailingComma,
    MissingComma,
    SurplusBracket,
    OpenString,
}

const WORDS: [(Why, &str); 9] = [
    (Why::ByteOrderMark, "byte order mark dropped"),
    (Why::Quote, "unescaped quote kept as text"),
    (Why::LiteralEscape, "unknown escape kept as text"),
    (Why::NeedlessEscape, "needless backslash dropped"),
    (Why::Control, "raw control character escaped"),
    (Why::TrailingComma, "trailing comma dropped"),
    (Why::MissingComma, "missing comma added"),
    (Why::SurplusBracket, "surplus bracket dropped"),
    (Why::OpenString, "string closed at the end of its line"),
];

/// At byte `at`, `remove` bytes give way to `insert`.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) at: usize,
    pub(crate) remove: usize,
    pub(crate) insert: std::borrow::Cow<'static, str>,
    pub(crate) why: Why,
}

impl Edit {
    pub(crate) fn insert(at: usize, text: &'static str, why: Why) -> Self {
        Self { at, remove: 0, insert: text.into(), why }
    }

    pub(crate) fn remove(at: usize, bytes: usize, why: Why) -> Self {
        Self { at, remove: bytes, insert: "".into(), why }
    }

    /// A control character becomes its escape.
    pub(crate) fn control(at: usize, byte: u8) -> Self {
        let insert = match byte {
            b'\n' => "\\n".into(),
            b'\r' => "\\r".into(),
            b'\t' => "\\t".into(),
            b => format!("\\u{b:04x}").into(),
        };
        Self { at, remove: 1, insert, why: Why::Control }
    }
}

/// The text with the edits applied; they are sorted by place.
pub(crate) fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut out = String::with_capacity(text.len() + edits.len() * 2);
    let mut from = 0;
    for e in edits {
        out.push_str(text.get(from..e.at)?);
        out.push_str(&e.insert);
        from = e.at + e.remove;
    }
    out.push_str(text.get(from..)?);
    Some(out)
}

/// `2 x unescaped quote kept as text, 1 x trailing comma dropped; the first at byte 411`.
pub(crate) fn describe(edits: &[Edit]) -> String {
    let counts = WORDS.iter().filter_map(|(why, words)| {
        let n = edits.iter().filter(|e| e.why == *why).count();
        (n > 0).then(|| format!("{n} x {words}"))
    });
    let first = edits.first().map_or(0, |e| e.at);
    format!("{}; the first at byte {first}", counts.collect::<Vec<_>>().join(", "))
}
