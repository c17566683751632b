//! The score.

use std::collections::BTreeSet;

use fluorite_chunking::by_path;
use serde::Serialize;
use serde_json::{Value, json};

use super::comments::{admission, code_bytes, comment_lines, is_made};
use super::syntax::soundness;
use crate::spike::{Part as Piece, SpikeTemplate, parts};

/// Bytes of code from which there is nothing more to gain.
const FULL: f32 = 400.0;
/// Fewer bytes of code than these are no template.
const HARDLY: usize = 40;
/// Prose counts so much less than code.
const PROSE: usize = 4;
/// What a template can reach at most when it is boilerplate, a stub, or does not parse.
const GENERATED: f32 = 0.2;
const STUB: f32 = 0.35;
const BROKEN: f32 = 0.6;

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `substance`, `finished`, `syntax`, `description`, `tests`, `parameters` or `uniqueness`.
    pub name: &'static str,
    /// 0 to 1.
    pub value: f32,
    /// What the value counts: all weights together are 1.
    pub weight: f32,
    /// Why, in words.
    pub why: String,
}

/// A score and how it came about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// 0 to 1: the weighed sum of the parts, at most `limit`.
    pub score: f32,
    /// The lowest limit that applies; 1 when none does.
    pub limit: f32,
    /// Why there is a limit.
    pub limited_by: Vec<String>,
    /// The parts.
    pub parts: Vec<Part>,
}

impl Quality {
    /// The explanation as it is kept in `metadata.quality`: `{ part: value, ..., limited_by? }`.
    #[must_use]
    pub fn explained(&self) -> Value {
        let mut out: serde_json::Map<String, Value> =
            self.parts.iter().map(|p| (p.name.to_owned(), json!({ "value": rounded(p.value), "why": p.why }))).collect();
        if !self.limited_by.is_empty() {
            out.insert("limited_by".into(), json!(self.limited_by));
        }
        Value::Object(out)
    }
}

fn rounded(x: f32) -> f64 {
    (f64::from(x) * 1e3).round() / 1e3
}

/// Boilerplate, by its tag or by what it says of itself.
#[must_use]
pub fn is_generated(t: &SpikeTemplate) -> bool {
    t.is_generated()
        || t.description.as_deref().is_some_and(is_made)
        || t.files.iter().any(|f| f.template.len() < 4_096 && is_made(&f.template))
}

/// The score of a template. `alike`: how much of it stands in the template most like it, 0 to 1. Cost: parses every file once.
#[must_use]
pub fn score(t: &SpikeTemplate, alike: f32) -> Quality {
    let mut limited = Vec::new();
    let code: usize = t.files.iter().filter(|f| !is_test(&f.path)).map(|f| bytes(&f.path, &f.template)).sum();
    let parts = [
        substance(code),
        finished(t, code, &mut limited),
        syntax(t, &mut limited),
        description(t),
        tests(t),
        parameters(t),
        part(
            "uniqueness",
            0.10,
            1.0 - alike,
            if alike > 0.0 {
                format!("{:.0} % of it stands in another template too", alike * 100.0)
            } else {
                "no other template is like it".into()
            },
        ),
    ];
    if is_generated(t) {
        limited.push((GENERATED, "a generator wrote it".to_owned()));
    }
    let sum: f32 = parts.iter().map(|p| p.value * p.weight).sum();
    let limit = limited.iter().map(|(l, _)| *l).fold(1.0, f32::min);
    #[allow(clippy::cast_possible_truncation)] // a score
    let score = rounded(sum.min(limit).clamp(0.0, 1.0)) as f32;
    Quality { score, limit, limited_by: limited.into_iter().map(|(_, why)| why).collect(), parts: parts.into() }
}

fn part(name: &'static str, weight: f32, value: f32, why: String) -> Part {
    Part { name, value: value.clamp(0.0, 1.0), weight, why }
}

fn bytes(path: &str, template: &str) -> usize {
    let prose = by_path(path).is_some_and(|k| k.language == "markdown") || path.ends_with(".txt");
    if prose { template.trim().len() / PROSE } else { code_bytes(template) }
}

fn is_test(path: &str) -> bool {
    let lower = path.to_lowercase();
    lower.split(['/', '\\', '.', '_', '-']).any(|p| matches!(p, "test" | "tests" | "spec" | "specs" | "e2e" | "tests__"))
}

#[allow(clippy::cast_precision_loss)] // bytes
fn substance(code: usize) -> Part {
    part("substance", 0.30, (code as f32 / FULL).sqrt(), format!("{code} bytes beside comments; {FULL} are full marks"))
}

fn finished(t: &SpikeTemplate, code: usize, limited: &mut Vec<(f32, String)>) -> Part {
    let in_comments = || t.files.iter().flat_map(|f| comment_lines(&f.template)).find_map(admission);
    let in_words = || [Some(t.name.as_str()), t.description.as_deref()].into_iter().flatten().find_map(admission);
    let why = if t.files.is_empty() {
        Some("it has no files".to_owned())
    } else if code < HARDLY {
        Some(format!("hardly any content: {code} bytes beside comments"))
    } else {
        // a long template may well speak of stubs
        (code < 600).then(|| in_comments().or_else(in_words)).flatten().map(|w| format!("it calls itself unfinished: {w:?}"))
    };
    match why {
        Some(why) => {
            limited.push((STUB, why.clone()));
            part("finished", 0.15, 0.0, why)
        }
        None => part("finished", 0.15, 1.0, "nothing says that it is a stub".into()),
    }
}

fn syntax(t: &SpikeTemplate, limited: &mut Vec<(f32, String)>) -> Part {
    let default = |name: &str| {
        let value = t.params.iter().find(|p| p.name == name)?.default.clone()?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let judged: Vec<(&str, f32)> =
        t.files.iter().filter_map(|f| Some((f.path.as_str(), soundness(&f.path, &f.template, &default)?))).collect();
    let Some((worst, least)) = judged.iter().min_by(|a, b| a.1.total_cmp(&b.1)).copied() else {
        return part("syntax", 0.15, 0.8, "no file is in a language that is parsed here".into());
    };
    #[allow(clippy::cast_precision_loss)] // files
    let mean = judged.iter().map(|(_, v)| v).sum::<f32>() / judged.len() as f32;
    if mean < 0.5 {
        limited.push((BROKEN, format!("{worst} does not parse")));
    }
    let why = if least < 1.0 { format!("{worst} has errors") } else { format!("{} files parse", judged.len()) };
    part("syntax", 0.15, mean, why)
}

fn description(t: &SpikeTemplate) -> Part {
    let words = t.description.as_deref().map_or("", str::trim);
    let length = words.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
    let (value, why) = match length {
        0 => (0.0, "there is none"),
        _ if words.eq_ignore_ascii_case(t.name.trim()) => (0.3, "it repeats the name"),
        1..16 => (0.5, "it is very short"),
        _ => (1.0, "it says what the template shows"),
    };
    part("description", 0.10, value, why.into())
}

fn tests(t: &SpikeTemplate) -> Part {
    let real = |f: &&crate::spike::SpikeFile| {
        is_test(&f.path) && code_bytes(&f.template) >= HARDLY && !f.template.contains("expect(true).toBe(true)")
    };
    match t.files.iter().find(real) {
        Some(f) => part("tests", 0.10, 1.0, format!("{} tests it", f.path)),
        None => part("tests", 0.10, 0.0, "no file tests it".into()),
    }
}

#[allow(clippy::cast_precision_loss)] // parameters
fn parameters(t: &SpikeTemplate) -> Part {
    let declared: BTreeSet<&str> = t.params.iter().map(|p| p.name.as_str()).collect();
    let texts = t.files.iter().flat_map(|f| [f.path.as_str(), f.template.as_str()]);
    let used: BTreeSet<&str> =
        texts.flat_map(parts).filter_map(|p| if let Piece::Name(n) = p { Some(n) } else { None }).collect();
    let all = declared.union(&used).count();
    let (value, why) = if all == 0 {
        (0.7, "it has none".to_owned())
    } else {
        let both = declared.intersection(&used).count();
        let odd = declared.symmetric_difference(&used).next().copied().unwrap_or_default();
        let why = if both == all {
            format!("all {all} are declared and used")
        } else {
            format!("{odd:?} is declared or used, not both")
        };
        (both as f32 / all as f32, why)
    };
    part("parameters", 0.10, value, why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    fn spike(description: &str, files: Value, params: Value) -> SpikeTemplate {
        serde_json::from_value(json!({ "id": "a", "name": "A", "description": description, "files": files, "params": params }))
            .unwrap()
    }

    const CODE: &str = "import { Hono } from 'hono';\nexport const app = new Hono();\napp.get('/health', (c) => c.json({ ok: true, name: '{{name}}' }));\napp.get('/users/:id', async (c) => {\n  const id = c.req.param('id');\n  if (!/^[0-9]+$/.test(id)) return c.json({ error: 'id must be a number' }, 400);\n  const user = await find(Number(id));\n  return user ? c.json(user) : c.notFound();\n});\nasync function find(id: number) { return id === 1 ? { id, name: 'Ada' } : undefined; }\n";

    #[test]
    fn a_full_template_has_full_marks_and_stubs_have_few() {
        let test =
            "import { app } from './app';\ntest('health', async () => expect((await app.request('/health')).status).toBe(200));";
        let full = spike(
            "A small HTTP service with a health route",
            json!([{ "path": "app.ts", "template": CODE }, { "path": "app.test.ts", "template": test }]),
            json!([{ "name": "name", "default": "x" }]),
        );
        assert!(score(&full, 0.0).score > 0.97, "{:?}", score(&full, 0.0));
        assert!(score(&full, 0.9).score < score(&full, 0.0).score - 0.08);
        let stub = spike("redis streams", json!([{ "path": "a.txt", "template": "# redis streams skeleton" }]), json!([]));
        assert!(score(&stub, 0.0).score <= STUB && score(&stub, 0.0).limited_by[0].contains("hardly any content"));
        let admitted = spike("Typesense route (stub)", json!([{ "path": "r.ts", "template": &CODE[..120] }]), json!([]));
        assert!(score(&admitted, 0.0).score <= STUB, "{:?}", score(&admitted, 0.0));
        let none = spike("x", json!([]), json!([]));
        assert!(score(&none, 0.0).score <= STUB);
    }

    #[test]
    fn generated_ones_are_told_by_tag_and_by_content() {
        let made = spike(
            "Auto-generated spike for koa adapter in js (testing).",
            json!([{ "path": "a.ts", "template": CODE }]),
            json!([]),
        );
        assert!(is_generated(&made) && score(&made, 0.0).score <= GENERATED);
        assert!(!is_generated(&spike("Generates spikes", json!([{ "path": "a.ts", "template": CODE }]), json!([]))));
    }

    #[test]
    fn code_that_does_not_parse_is_limited_and_explained() {
        let broken =
            spike("A small HTTP service", json!([{ "path": "a.ts", "template": CODE.replace([')', '}'], "(") }]), json!([]));
        let q = score(&broken, 0.0);
        assert!(q.score <= BROKEN && q.explained()["limited_by"][0] == "a.ts does not parse", "{q:?}");
        let json =
            |text: &str| score(&spike("d", json!([{ "path": "a.json", "template": text }]), json!([])), 0.0).parts[2].value;
        assert_eq!((json(r#"{"a":{{x}}}"#), json(r#"{"a":1}"#), json("{a")), (0.0, 1.0, 0.0));
    }

    #[test]
    fn parameters_must_be_declared_and_used() {
        let of =
            |params: Value| score(&spike("d", json!([{ "path": "a.ts", "template": "'{{name}}'" }]), params), 0.0).parts[5].value;
        assert_eq!(
            (of(json!([{ "name": "name" }])), of(json!([])), of(json!([{ "name": "name" }, { "name": "b" }]))),
            (1.0, 0.0, 0.5)
        );
    }
}
