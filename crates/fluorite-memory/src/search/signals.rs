//! What a chunk's text, origin and record say about it beside both legs' scores.

use serde_json::Value;

use super::question::Question;
use super::weights::Signals;
use crate::chunk::{Chunk, ChunkType};
use crate::index::for_each_term;
use crate::piece;

/// Definitions are looked for in this much of a chunk.
const MOST_BYTES: usize = 64 << 10;
/// Days after which recency counts half.
const RECENT_DAYS: f32 = 30.0;

/// Words before a name that define it, in the languages of code.
const DEFINING: &[&str] = &[
    "fn",
    "struct",
    "enum",
    "trait",
    "type",
    "const",
    "static",
    "mod",
    "class",
    "def",
    "function",
    "interface",
    "let",
    "var",
    "func",
    "record",
    "object",
    "module",
    "namespace",
];

/// Names of signals, as `explain` shows them.
pub(super) const NAMES: [&str; COUNT] = [
    "definition",
    "file_stem",
    "path",
    "same_file",
    "low_priority",
    "neighbours",
    "session",
    "quality",
    "recency",
    "usage",
    "pinned",
];
/// How many there are.
pub(super) const COUNT: usize = 11;

/// The signals of a chunk by itself; those of its neighbours come later. In the order of `NAMES`.
pub(super) fn of_chunk(question: &Question, chunk: &Chunk, usage: u32, age_days: i64) -> [f32; COUNT] {
    let a = &chunk.attributes;
    let (mut stem, mut whole) = (0.0, 0.0);
    let mut low = a.tags.iter().any(|t| t.eq_ignore_ascii_case("generated"));
    if let Some(path) = path_of(chunk) {
        stem = shared_terms(question, stem_of(path));
        whole = shared_terms(question, path);
        low |= !question.tests && is_low_priority(path);
    }
    let recency = 1.0 / (1.0 + age_days.max(0) as f32 / RECENT_DAYS);
    [
        f32::from(u8::from(defines(chunk, question))),
        stem,
        whole,
        0.0,
        f32::from(u8::from(low)),
        0.0,
        0.0,
        a.quality_score - 0.5,
        recency,
        (1.0 + usage as f32).ln(),
        f32::from(u8::from(a.pinned)),
    ]
}

/// The same order.
pub(super) fn weights(w: &Signals) -> [f32; COUNT] {
    [
        w.definition,
        w.file_stem,
        w.path,
        w.same_file,
        w.low_priority,
        w.neighbours,
        w.session,
        w.quality,
        w.recency,
        w.usage,
        w.pinned,
    ]
}

/// `source`, else `metadata.path`.
pub fn path_of(chunk: &Chunk) -> Option<&str> {
    chunk.attributes.source.as_deref().filter(|p| !p.is_empty()).or_else(|| piece::path(&chunk.attributes.metadata))
}

/// The session and the number of a turn of a dialogue: `metadata.session_id` and `metadata.turn` of a conversation chunk.
pub(super) fn turn_of(chunk: &Chunk) -> Option<(String, i64)> {
    let m = &chunk.attributes.metadata;
    if chunk.attributes.chunk_type != ChunkType::Conversation {
        return None;
    }
    let turn = m.get("turn")?.as_f64().filter(|t| t.is_finite())? as i64;
    let session = match m.get("session_id") {
        Some(Value::String(s)) => s.clone(),
        Some(Value::Number(n)) => n.to_string(),
        _ => String::new(),
    };
    Some((format!("{}\0{session}", chunk.namespace), turn))
}

fn stem_of(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| if stem.is_empty() { name } else { stem })
}

/// Share of the query's terms among those of a name.
fn shared_terms(question: &Question, name: &str) -> f32 {
    if question.terms.is_empty() {
        return 0.0;
    }
    let mut found = Vec::new();
    for_each_term(&name[..name.floor_char_boundary(1_024)], &mut |t| {
        if let Ok(at) = question.terms.binary_search_by(|q| q.as_str().cmp(t)) {
            found.push(at);
        }
    });
    found.sort_unstable();
    found.dedup();
    found.len() as f32 / question.terms.len() as f32
}

/// Folders and name parts of files that people seldom look for.
fn is_low_priority(path: &str) -> bool {
    path.split(['/', '\\', '_', '.', '-']).any(|part| {
        matches!(
            part.to_ascii_lowercase().as_str(),
            "test"
                | "tests"
                | "spec"
                | "specs"
                | "fixture"
                | "fixtures"
                | "mock"
                | "mocks"
                | "example"
                | "examples"
                | "bench"
                | "benches"
                | "benchmark"
                | "benchmarks"
                | "vendor"
                | "vendored"
                | "generated"
                | "legacy"
                | "deprecated"
                | "dist"
                | "build"
        )
    }) || path.contains("third_party")
}

/// Whether the chunk defines one of the identifiers asked for: `metadata.symbols` says so, or a defining word stands before it.
fn defines(chunk: &Chunk, question: &Question) -> bool {
    if question.symbols.is_empty() {
        return false;
    }
    let is_asked = |name: &str| question.symbols.iter().any(|s| s.eq_ignore_ascii_case(name));
    if piece::names(&chunk.attributes.metadata).any(is_asked) {
        return true;
    }
    let text = String::from_utf8_lossy(&chunk.content[..chunk.content.len().min(MOST_BYTES)]);
    let mut before = "";
    for word in text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()) {
        if DEFINING.contains(&before) && is_asked(word) {
            return true;
        }
        before = word;
    }
    false
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A chunk with these, for tests.
    pub(in crate::search) fn chunk(content: &str, source: Option<&str>, metadata: Value) -> Chunk {
        let metadata = metadata.as_object().cloned().unwrap_or_default();
        let attributes =
            crate::Attributes { source: source.map(str::to_owned), metadata, quality_score: 0.5, ..Default::default() };
        Chunk {
            id: "id".into(),
            namespace: "default".into(),
            content: content.into(),
            attributes,
            created_at: 0,
            updated_at: 0,
            expires_at: None,
            version: 1,
            content_hash: 0,
            sequence: 1,
        }
    }

    fn signal(name: &str, question: &str, chunk: &Chunk) -> f32 {
        let at = NAMES.iter().position(|n| *n == name).unwrap();
        of_chunk(&Question::new(question, &[]), chunk, 0, 0)[at]
    }

    #[test]
    fn definitions_are_told_from_uses() {
        let defined = chunk("pub fn parse_header(bytes: &[u8]) {}", None, json!({}));
        let used = chunk("let h = parse_header(b);", None, json!({}));
        assert_eq!(signal("definition", "parse_header", &defined), 1.0);
        assert_eq!(signal("definition", "Parse_Header", &defined), 1.0);
        assert_eq!(signal("definition", "parse_header", &used), 0.0);
        assert_eq!(signal("definition", "parse the header", &defined), 0.0);
        let listed = chunk("…", None, json!({ "symbols": [{ "name": "parseHeader", "kind": "function" }] }));
        assert_eq!(signal("definition", "parseHeader", &listed), 1.0);
    }

    #[test]
    fn paths_count_by_their_words() {
        let c = chunk("x", Some("src/auth/login_form.ts"), json!({}));
        assert_eq!(signal("file_stem", "login form", &c), 1.0);
        assert_eq!(signal("file_stem", "auth logins", &c), 0.5);
        assert_eq!(signal("path", "auth login", &c), 1.0);
        assert_eq!(signal("low_priority", "login", &c), 0.0);
        let mut made = chunk("x", None, json!({}));
        assert_eq!(signal("low_priority", "login", &made), 0.0);
        made.attributes.tags = vec!["Generated".into()];
        assert_eq!(signal("low_priority", "login tests", &made), 1.0);
        for low in ["src/__tests__/a.ts", "tests/a.rs", "a.spec.ts", "x/vendor/a.js", "lib/legacy/a.py", "a_test.go"] {
            let c = chunk("x", Some(low), json!({}));
            assert_eq!(signal("low_priority", "login", &c), 1.0, "{low}");
            assert_eq!(signal("low_priority", "login tests", &c), 0.0, "{low}");
        }
        assert_eq!(signal("low_priority", "login", &chunk("x", Some("src/contest/latest.ts"), json!({}))), 0.0);
    }

    #[test]
    fn turns_are_of_conversations() {
        let mut c = chunk("x", None, json!({ "session_id": "s1", "turn": 4 }));
        assert_eq!(turn_of(&c), None);
        c.attributes.chunk_type = ChunkType::Conversation;
        assert_eq!(turn_of(&c), Some(("default\0s1".into(), 4)));
    }
}
