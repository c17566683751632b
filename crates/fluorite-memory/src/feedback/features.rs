//! The features of a hit that weights are learned for, by name.

use crate::chunk::Chunk;

use super::tally::Tally;

/// Lists longer than this give their first entries alone.
const MOST_LABELS: usize = 32;

/// Calls `take` with every feature of a hit (absent is 0): the components of its rank value (`explain` of a search) as `signal:<name>`, what its
/// record says about it, and its labels.
///
/// | name | value |
/// | --- | --- |
/// | `signal:vector_deviations`, `signal:lexical_deviations` | deviations from the mean of the best hundred of each leg |
/// | `signal:<other>` | what that ranking signal adds |
/// | `quality`, `use`, `length` | `quality_score` - .5, `ln(1 + usage_count)`, `ln(1 + bytes) / 8` |
/// | `feedback` | (good - bad) / (good + bad + 2) of the feedback about the chunk |
/// | `framework:<x>`, `tag:<x>`, `language:<x>`, `type:<x>`, `memory:<x>` | 1 where it has that label (lowercased) |
#[allow(clippy::cast_precision_loss)] // counts
pub fn features_of(parts: &[(&'static str, f32)], chunk: &Chunk, usage: u32, tally: Tally, take: &mut dyn FnMut(&str, f32)) {
    let mut name = String::with_capacity(48);
    let mut label = |kind: &str, value: &str, v: f32, take: &mut dyn FnMut(&str, f32)| {
        name.clear();
        name.push_str(kind);
        name.extend(value.chars().flat_map(char::to_lowercase));
        take(&name, v);
    };
    for (part, value) in parts {
        match *part {
            // shares of the query, the sum itself, and what is taken from the record below
            "vector_weight" | "lexical_weight" | "rank_value" | "similarity" | "lexical_score" | "quality" | "usage"
            | "learned" => {}
            signal => label("signal:", signal, *value, take),
        }
    }
    let a = &chunk.attributes;
    take("quality", a.quality_score - 0.5);
    take("use", (1.0 + usage as f32).ln());
    take("length", (1.0 + chunk.content.len() as f32).ln() / 8.0);
    take("feedback", tally.value());
    for (kind, labels) in [("framework:", &a.frameworks), ("tag:", &a.tags)] {
        for l in labels.iter().take(MOST_LABELS) {
            label(kind, l, 1.0, take);
        }
    }
    if let Some(language) = &a.language {
        label("language:", language, 1.0, take);
    }
    label("type:", name_of(&a.chunk_type).as_str(), 1.0, take);
    label("memory:", name_of(&a.memory_type).as_str(), 1.0, take);
}

/// The snake_case name of an enum value.
fn name_of<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}
