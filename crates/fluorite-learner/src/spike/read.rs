//! Bytes of a file to a template.

use serde_json::Value;

use super::lenient::repair_json;
use super::template::SpikeTemplate;
use crate::mark::without_mark;

/// Largest spike file: 4 MiB.
pub const MAX_SPIKE_BYTES: u64 = 4 << 20;

/// A template that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The template.
    pub template: SpikeTemplate,
    /// What had to be changed to read it; `None` for well-formed files.
    pub repaired: Option<String>,
}

/// A file that cannot be read as a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// Byte of the file where it fails, where there is one.
    pub offset: Option<u64>,
    /// Why.
    pub reason: String,
}

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { offset: None, reason: reason.into() }
    }
}

/// Reads a template; broken JSON is repaired where only one meaning fits, never guessed.
pub fn read_spike(bytes: &[u8]) -> Result<Reading, Unreadable> {
    if bytes.len() as u64 > MAX_SPIKE_BYTES {
        return Err(Unreadable::new(format!("{} bytes; the limit is {MAX_SPIKE_BYTES}", bytes.len())));
    }
    let whole = std::str::from_utf8(bytes)
        .map_err(|e| Unreadable { offset: Some(e.valid_up_to() as u64), reason: "it is not UTF-8 text".into() })?;
    let text = without_mark(whole);
    let skipped = (whole.len() - text.len()) as u64;
    read_text(text).map_err(|e| Unreadable { offset: e.offset.map(|at| at + skipped), ..e })
}

fn read_text(text: &str) -> Result<Reading, Unreadable> {
    let strict = match serde_json::from_str::<SpikeTemplate>(text) {
        Ok(template) => return checked(Reading { template, repaired: None }),
        Err(e) => e,
    };
    let syntax = match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => return Err(Unreadable::new(format!("it is no spike template: {}", words(&strict)))),
        Err(e) => e,
    };
    let unreadable = |why: &str| Unreadable {
        offset: Some(offset(text, &syntax) as u64),
        reason: format!("broken JSON: {} (line {}); {why}", words(&syntax), syntax.line()),
    };
    let (fixed, repair) = repair_json(text).map_err(|(at, why)| unreadable(&format!("no repair fits: {why} at byte {at}")))?;
    let value: Value = serde_json::from_str(&fixed).map_err(|e| unreadable(&format!("no repair fits: {e}")))?;
    if let Some(odd) = oddity(&value) {
        return Err(unreadable(&format!("a repair was found but {odd}")));
    }
    let template = serde_json::from_value(value).map_err(|e| unreadable(&format!("a repair was found but {e}")))?;
    checked(Reading { template, repaired: Some(repair) })
}

fn checked(reading: Reading) -> Result<Reading, Unreadable> {
    match reading.template.fault() {
        Some(fault) => Err(Unreadable::new(format!("it is no spike template: {fault}"))),
        None => Ok(reading),
    }
}

/// What makes a repaired tree unlike a spike: a repair is only trusted when nothing does.
fn oddity(value: &Value) -> Option<String> {
    const TOP: [&str; 9] = ["id", "name", "version", "stack", "tags", "description", "params", "files", "patches"];
    const FILE: [&str; 3] = ["path", "template", "content"];
    let unknown = |v: &Value, known: &[&str]| {
        let key = v.as_object()?.keys().find(|k| !known.contains(&k.as_str()))?;
        Some(format!("it has the unknown member {key:?}"))
    };
    let files = value.get("files").and_then(Value::as_array);
    match files {
        None => Some("it has no files".into()),
        Some(f) if f.is_empty() => Some("it has no files".into()),
        Some(f) => unknown(value, &TOP).or_else(|| f.iter().find_map(|f| unknown(f, &FILE))),
    }
}

/// The message without its line and column.
fn words(e: &serde_json::Error) -> String {
    let full = e.to_string();
    full.split(" at line ").next().unwrap_or_default().to_owned()
}

fn offset(text: &str, e: &serde_json::Error) -> usize {
    let line: usize = text.split_inclusive('\n').take(e.line().saturating_sub(1)).map(str::len).sum();
    (line + e.column().saturating_sub(1)).min(text.len())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn well_formed_files_are_not_repaired() {
        let r = read_spike(br#"{"id":"a","name":"A","files":[{"path":"p","template":"t"}]}"#).unwrap();
        assert_eq!((r.template.id.as_str(), r.repaired), ("a", None));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let r = read_spike(b"\xef\xbb\xbf{\"id\":\"a\",\"name\":\"A\"}").unwrap();
        assert_eq!((r.template.id.as_str(), r.repaired), ("a", None));
        let e = read_spike(b"\xef\xbb\xbf{\n \"id\": oops}").unwrap_err();
        assert_eq!(e.offset, Some(12), "places are those of the file");
    }

    #[test]
    fn repairs_are_described() {
        let r = read_spike(br#"{"id":"a","name":"A","files":[{"path":"p","template":"say "hi" \$x"}]}"#).unwrap();
        assert_eq!(r.template.files[0].template, "say \"hi\" $x");
        let words = "2 x unescaped quote kept as text, 1 x needless backslash dropped; the first at byte 58";
        assert_eq!(r.repaired.as_deref(), Some(words));
    }

    #[test]
    fn a_repair_must_make_sense() {
        let e = read_spike(br#"{"id":"a","name":"A","files":[{"path":"p","template":"x","q":1,}]}"#).unwrap_err();
        assert!(e.reason.contains("unknown member \"q\""), "{e}");
        assert_eq!(e.offset, Some(63));
        assert!(read_spike(br#"{"id":"a","name":"A","files":[],}"#).is_err());
    }

    #[test]
    fn unreadable_files_say_where_and_why() {
        let e = read_spike(b"{\n \"id\": \"a\xff\"}").unwrap_err();
        assert_eq!((e.offset, e.reason.as_str()), (Some(11), "it is not UTF-8 text"));
        let e = read_spike(b"{\n \"id\": oops}").unwrap_err();
        assert_eq!(e.offset, Some(9));
        assert!(e.reason.starts_with("broken JSON: expected value (line 2); no repair fits"), "{e}");
        let e = read_spike(br#"{"id":"a"}"#).unwrap_err();
        assert_eq!((e.offset, e.reason.as_str()), (None, "it is no spike template: missing field `name`"));
        assert!(read_spike(b"").is_err() && read_spike(b"[]").is_err() && read_spike(b"null").is_err());
    }

    #[test]
    fn damaged_files_never_panic() {
        let good = br#"{"id":"a","name":"A","stack":["x"],"params":[{"name":"n","default":"d"}],"files":[{"path":"p","template":"t \"q\" \n"}]}"#;
        for at in 0..good.len() {
            for with in 0..=255u8 {
                let mut b = good.to_vec();
                b[at] = with;
                if let Ok(r) = read_spike(&b) {
                    assert!(!r.template.id.is_empty());
                }
            }
        }
    }
}
