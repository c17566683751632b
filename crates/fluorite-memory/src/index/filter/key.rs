//! What a posting list stands for, as one 64-bit hash.

use serde_json::{Number, Value};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::chunk::ChunkType;

/// The field a key belongs to; the discriminant seeds the hash, so equal values of two fields differ.
#[derive(Clone, Copy)]
pub(super) enum Label {
    /// Compared exactly.
    Namespace = 1,
    /// Compared without regard to case.
    Framework,
    /// Compared without regard to case.
    Tag,
    /// Compared without regard to case.
    Language,
    /// Compared exactly.
    Source,
}

const CHUNK_TYPE: u64 = 6;
const METADATA: u64 = 7;

impl Label {
    pub(super) fn key(self, value: &str) -> u64 {
        match self {
            Self::Namespace | Self::Source => xxh3_64_with_seed(value.as_bytes(), self as u64),
            Self::Framework | Self::Tag | Self::Language => xxh3_64_with_seed(value.to_lowercase().as_bytes(), self as u64),
        }
    }
}

pub(super) fn chunk_type(value: ChunkType) -> u64 {
    xxh3_64_with_seed(&[value as u8], CHUNK_TYPE)
}

/// The key of a scalar metadata member; `None` for null, lists and objects.
///
/// Numbers compare by value (`1` equals `1.0`); integers beyond the exact range of a double compare as integers.
pub(super) fn metadata(name: &str, value: &Value) -> Option<u64> {
    let seed = |kind: u64| xxh3_64_with_seed(name.as_bytes(), METADATA << 8 | kind);
    match value {
        Value::String(s) => Some(xxh3_64_with_seed(s.as_bytes(), seed(0))),
        Value::Bool(b) => Some(xxh3_64_with_seed(&[u8::from(*b)], seed(1))),
        Value::Number(n) => {
            let (kind, bytes) = number(n)?;
            Some(xxh3_64_with_seed(&bytes, seed(kind)))
        }
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn number(n: &Number) -> Option<(u64, [u8; 16])> {
    let whole = n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
    let float = n.as_f64()?;
    match whole {
        Some(w) if float as i128 != w => Some((2, w.to_le_bytes())),
        _ => {
            let float = if float == 0.0 { 0.0 } else { float }; // one zero
            Some((3, u128::from(float.to_bits()).to_le_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let key = |v: Value| metadata("n", &v).unwrap();
        assert_eq!(key(json!(1)), key(json!(1.0)));
        assert_eq!(key(json!(0)), key(json!(-0.0)));
        assert_eq!(key(json!(-3)), key(json!(-3.0)));
        assert_ne!(key(json!(1)), key(json!("1")));
        assert_ne!(key(json!(1)), key(json!(true)));
        assert_ne!(key(json!(9_007_199_254_740_993_u64)), key(json!(9_007_199_254_740_992_u64)));
        assert_ne!(key(json!(u64::MAX)), key(json!(u64::MAX - 1)));
    }

    #[test]
    fn fields_and_names_do_not_mix() {
        assert_ne!(Label::Tag.key("x"), Label::Framework.key("x"));
        assert_ne!(metadata("a", &json!("bc")), metadata("ab", &json!("c")));
        assert_eq!(metadata("a", &json!(null)), None);
        assert_eq!(metadata("a", &json!(["x"])), None);
    }

    #[test]
    fn case_matters_where_it_should() {
        assert_eq!(Label::Tag.key("ÄPI"), Label::Tag.key("äpi"));
        assert_ne!(Label::Namespace.key("A"), Label::Namespace.key("a"));
        assert_ne!(Label::Source.key("A"), Label::Source.key("a"));
    }
}
