//! Key spelling.

/// `camelCase` to `snake_case`; anything else unchanged.
#[must_use]
pub fn snake_case(key: &str) -> String {
    if key.contains('_') || !key.bytes().any(|b| b.is_ascii_uppercase()) {
        return key.to_owned();
    }
    let mut out = String::with_capacity(key.len() + 4);
    for (i, c) in key.char_indices() {
        if c.is_ascii_uppercase() {
            if i > 0 {
                out.push('_');
            }
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// Longer is no typing error, in bytes.
const LONGEST: usize = 64;

/// The known key most like `key`, when one is near enough to be a typing error.
#[must_use]
pub fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    // comparing costs the product of both lengths, and no key is this long
    if key.len() > LONGEST {
        return None;
    }
    let best = known.iter().map(|k| (strsim::damerau_levenshtein(key, k), *k)).min()?;
    (best.0 <= key.len().max(3) / 3).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_meet() {
        assert_eq!(snake_case("qualityScore"), "quality_score");
        assert_eq!(snake_case("quality_score"), "quality_score");
        assert_eq!(snake_case("id"), "id");
    }

    #[test]
    fn suggestions_are_near() {
        assert_eq!(nearest("memory_pth", &["memory_path", "models_path"]), Some("memory_path"));
        assert_eq!(nearest("zzz", &["memory_path"]), None);
        let long = "memory_path".repeat(1_000);
        assert_eq!(nearest(&long, &[&long]), None, "what is long costs nothing");
    }
}
