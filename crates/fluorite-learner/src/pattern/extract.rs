//! One pattern of a family: what its members have in common, placeholders where they differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fluorite_memory::{ChunkInput, ChunkType, MemoryType};
use serde::Serialize;
use serde_json::{Map, Value, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::tokens::tokens;
use crate::spike::SpikeTemplate;

/// Members that are compared; a larger family is told by its first ones.
const MOST_MEMBERS: usize = 24;
/// Tokens of a text that are compared.
const MOST_TOKENS: usize = 8_000;
/// Values of a placeholder that are kept as examples.
const MOST_EXAMPLES: usize = 5;
/// Members that are listed.
const MOST_LISTED: usize = 200;
/// Where a file begins in a pattern.
const FILE: &str = "--- ";

/// A member of a family.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// Id of its chunk.
    pub(crate) id: String,
    pub(crate) template: SpikeTemplate,
    pub(crate) quality: f32,
    /// Canonical names of what it uses.
    pub(crate) uses: BTreeSet<String>,
}

/// A placeholder of a pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PatternParam {
    /// Name between the braces.
    pub name: String,
    /// Its value in the member the pattern is told by.
    pub default: String,
    /// Values in other members, at most five.
    pub examples: Vec<String>,
}

/// A reusable pattern; as JSON it is a chunk that can be stored as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pattern {
    /// `pattern:` and the hash of its structure: the same structure has the same id, in any run and any folder.
    pub id: String,
    /// Title, frameworks, and the text with placeholders `{{ name }}`.
    pub content: String,
    /// What all members use.
    pub frameworks: Vec<String>,
    /// Tags of all members.
    pub tags: Vec<String>,
    /// The best member's.
    pub quality_score: f32,
    /// Always `pattern`.
    pub chunk_type: ChunkType,
    /// `procedural`.
    pub memory_type: MemoryType,
    /// The members' language, when they have one.
    pub language: Option<String>,
    /// `{ members, member_count, params }`.
    pub metadata: Map<String, Value>,
}

impl From<Pattern> for ChunkInput {
    fn from(p: Pattern) -> Self {
        let mut chunk = Self::text(&p.content).with_id(&p.id);
        chunk.frameworks = Some(p.frameworks);
        chunk.tags = Some(p.tags);
        chunk.quality_score = Some(p.quality_score);
        chunk.chunk_type = Some(p.chunk_type);
        chunk.memory_type = Some(p.memory_type);
        chunk.language = p.language;
        chunk.metadata = Some(p.metadata);
        chunk
    }
}

/// The pattern of these members (at least one), told by the first. Deterministic. Cost: a diff for each of at most 24 members.
pub(crate) fn extract(members: &[Member]) -> Option<Pattern> {
    let first = members.first()?;
    let texts: Vec<String> = members.iter().take(MOST_MEMBERS).map(|m| text_of(&m.template)).collect();
    let base: Vec<&str> = tokens(&texts[0]).into_iter().take(MOST_TOKENS).collect();
    let mut varies = vec![false; base.len()];
    let mut seen: Vec<Vec<(usize, usize, String)>> = Vec::new();
    for other in &texts[1..] {
        let other: Vec<&str> = tokens(other).into_iter().take(MOST_TOKENS).collect();
        seen.push(compare(&base, &other, &mut varies));
    }
    let (body, structure, params) = with_placeholders(&base, &varies, &seen);
    let hash = xxhash_rust::xxh3::xxh3_128(structure.as_bytes());
    let uses = common(members.iter().map(|m| m.uses.clone()));
    let tags = common(members.iter().map(|m| m.template.tags.iter().map(|t| t.to_lowercase()).collect()));
    let listed: Vec<&str> = members.iter().map(|m| m.id.as_str()).take(MOST_LISTED).collect();
    let title = if members.len() == 1 {
        first.template.name.clone()
    } else {
        format!("{} and {} like it", first.template.name.trim(), members.len() - 1)
    };
    let stack = if uses.is_empty() { String::new() } else { format!("Stack: {}\n", uses.join(", ")) };
    let mut metadata = Map::new();
    metadata.insert("members".into(), json!(listed));
    metadata.insert("member_count".into(), json!(members.len()));
    metadata.insert("params".into(), json!(params));
    Some(Pattern {
        id: format!("pattern:{hash:032x}"),
        content: format!("{title}\n{stack}\n{body}"),
        frameworks: uses,
        tags,
        quality_score: members.iter().map(|m| m.quality).fold(0.0, f32::max),
        chunk_type: ChunkType::Pattern,
        memory_type: MemoryType::Procedural,
        language: first.template.to_chunk("x.json").language,
        metadata,
    })
}

fn text_of(t: &SpikeTemplate) -> String {
    t.files.iter().map(|f| format!("{FILE}{}\n{}\n", f.path, f.template.trim_end())).collect::<Vec<_>>().join("\n")
}

/// Marks what the other has differently; returns the runs of `base` it replaced and what with.
fn compare(base: &[&str], other: &[&str], varies: &mut [bool]) -> Vec<(usize, usize, String)> {
    let mut replaced = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, base, other) {
        let (old, new) = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { old_index, old_len, new_index } => (old_index..old_index + old_len, new_index..new_index),
            DiffOp::Insert { old_index, new_index, new_len } => (old_index..old_index, new_index..new_index + new_len),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                (old_index..old_index + old_len, new_index..new_index + new_len)
            }
        };
        // what the other adds belongs to the token before it
        let old = if old.is_empty() { old.start.saturating_sub(1)..old.start } else { old };
        varies[old.clone()].iter_mut().for_each(|v| *v = true);
        replaced.push((old.start, old.end, other[new].concat()));
    }
    replaced
}

/// The text with a placeholder for each run that varies, its structure (without the values), and the placeholders. Runs with the
/// same value are one placeholder.
fn with_placeholders(
    base: &[&str],
    varies: &[bool],
    seen: &[Vec<(usize, usize, String)>],
) -> (String, String, Vec<PatternParam>) {
    let (mut body, mut structure) = (String::new(), String::new());
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut params: Vec<PatternParam> = Vec::new();
    let mut at = 0;
    while at < base.len() {
        if !varies[at] {
            body.push_str(base[at]);
            structure.push_str(base[at]);
            at += 1;
            continue;
        }
        let from = at;
        // white space between two varying tokens does not part them
        while at < base.len()
            && (varies[at] || (base[at].trim().is_empty() && !base[at].contains('\n') && varies.get(at + 1) == Some(&true)))
        {
            at += 1;
        }
        let value = base[from..at].concat();
        let number = *known.entry(value.clone()).or_insert_with(|| {
            params.push(PatternParam { name: format!("value_{}", params.len() + 1), default: value, examples: Vec::new() });
            params.len() - 1
        });
        let inside = seen.iter().flatten().filter(|(a, b, text)| *a >= from && *b <= at && !text.trim().is_empty());
        for (_, _, text) in inside {
            let p = &mut params[number];
            if p.examples.len() < MOST_EXAMPLES && text != &p.default && !p.examples.contains(text) {
                p.examples.push(text.clone());
            }
        }
        let mark = format!("{{{{ {} }}}}", params[number].name);
        body.push_str(&mark);
        structure.push_str(&mark);
    }
    (body, structure, params)
}

/// What all sets have, sorted.
fn common(sets: impl Iterator<Item = BTreeSet<String>>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut n = 0;
    for set in sets {
        n += 1;
        set.into_iter().for_each(|x| *counts.entry(x).or_default() += 1);
    }
    counts.into_iter().filter(|(_, c)| *c == n).map(|(x, _)| x).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn member(name: &str, port: &str) -> Member {
        let text = format!("import {{ {name} }} from '{name}';\nserve({name}, {port});\n");
        let template = serde_json::from_value(json!({
            "id": format!("{name}-server"), "name": format!("{name} server"), "stack": [name, "ts"], "tags": ["http", name],
            "files": [{ "path": format!("src/{name}.ts"), "template": text }],
        }));
        let uses = BTreeSet::from([name.to_owned(), "node".to_owned()]);
        Member { id: format!("spike:{name}"), template: template.unwrap(), quality: 0.8, uses }
    }

    #[test]
    fn what_differs_becomes_placeholders_and_the_id_is_that_of_the_structure() {
        let family = [member("koa", "3000"), member("hono", "3000"), member("express", "8080")];
        let p = extract(&family).unwrap();
        let body = p.content.split_once("\n\n").unwrap().1;
        assert_eq!(
            body,
            "--- src/{{ value_1 }}.ts\nimport { {{ value_1 }} } from '{{ value_1 }}';\nserve({{ value_1 }}, {{ value_2 }});\n"
        );
        assert_eq!(p.metadata["params"][0], json!({ "name": "value_1", "default": "koa", "examples": ["hono", "express"] }));
        assert_eq!(p.metadata["params"][1]["examples"], json!(["8080"]));
        assert_eq!((p.frameworks, p.tags, p.chunk_type), (vec!["node".to_owned()], vec!["http".to_owned()], ChunkType::Pattern));
        let again = extract(&[member("elysia", "1"), member("koa", "2"), member("oak", "3")]).unwrap();
        assert_eq!(again.id, p.id);
        assert_ne!(extract(&family[..2]).unwrap().id, p.id, "the port does not vary in these two");
    }
}
