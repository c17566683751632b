//! One name for each framework, whatever its spelling.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize, Default)]
struct Table {
    /// Languages and parts of standard libraries: no frameworks.
    ignored: Vec<String>,
    /// Canonical name: spellings.
    spellings: BTreeMap<String, Vec<String>>,
}

struct Known {
    ignored: HashSet<String>,
    names: HashMap<String, String>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let table: Table = serde_json::from_str(include_str!("names.json")).unwrap_or_default();
    let spelled = table.spellings.into_iter().flat_map(|(name, all)| all.into_iter().map(move |s| (squeezed(&s), name.clone())));
    Known { names: spelled.collect(), ignored: table.ignored.iter().map(|s| squeezed(s)).collect() }
});

/// The name every spelling of a framework shares: from the table, else the spelling in lower case with `-` for blanks, `_` and `.`.
/// `None` for languages, standard libraries and what is no name.
pub(crate) fn canonical(spelling: &str) -> Option<String> {
    let key = squeezed(spelling);
    if key.len() < 2 || key.len() > 64 || key.bytes().all(|b| b.is_ascii_digit()) || KNOWN.ignored.contains(&key) {
        return None;
    }
    if let Some(name) = KNOWN.names.get(&key) {
        return Some(name.clone());
    }
    let lower = spelling.trim().to_lowercase().replace([' ', '_', '.'], "-");
    let stem = lower.strip_suffix("-js").unwrap_or(&lower);
    Some(stem.trim_start_matches('@').to_owned()).filter(|s| s.chars().any(char::is_alphabetic))
}

/// Letters and digits alone, in lower case.
fn squeezed(s: &str) -> String {
    s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_share_a_name() {
        for s in ["next-auth", "NextAuth", "nextauth", "Next-Auth.js"] {
            assert_eq!(canonical(s).as_deref(), Some("next-auth"), "{s}");
        }
        for (package, name) in
            [("cohere-ai", "cohere"), ("@notionhq/client", "notion"), ("groq-sdk", "groq"), ("Fly.io", "fly-io")]
        {
            assert_eq!(canonical(package).as_deref(), Some(name));
        }
        assert_eq!(canonical("Next.js"), canonical("nextjs"));
        assert_eq!(canonical("Vercel KV"), Some("vercel-kv".into()));
        assert_eq!((canonical("TypeScript"), canonical("fs"), canonical("7"), canonical("")), (None, None, None, None));
    }

    #[test]
    fn no_spelling_has_two_names() {
        let table: Table = serde_json::from_str(include_str!("names.json")).unwrap_or_default();
        let mut seen: HashMap<String, String> = HashMap::new();
        for (name, all) in &table.spellings {
            assert!(all.iter().any(|s| squeezed(s) == squeezed(name)), "{name} is a spelling of itself");
            for s in all {
                let other = seen.insert(squeezed(s), name.clone());
                assert!(other.is_none_or(|o| o == *name), "{s}");
            }
        }
    }
}
