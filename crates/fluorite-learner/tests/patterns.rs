//! Quality, patterns, relations and rendering, by learning the bundled sample.
#![allow(clippy::unwrap_used)] // a test

use std::path::{Path, PathBuf};

use fluorite_learner::{LearnOptions, LearningReport, integration_patterns, learn_from_spikes, render_spike, suggest_frameworks};
use fluorite_memory::{CancelToken, ChunkInput, Engine, EngineConfig, WriteOptions};
use serde_json::{Map, json};

fn open(dir: &Path) -> Engine {
    Engine::open(EngineConfig { enable_ml: false, ..EngineConfig::new(dir) }).unwrap()
}

fn learn(engine: &Engine, path: PathBuf) -> LearningReport {
    learn_from_spikes(engine, &LearnOptions { path: Some(path), skip_low_quality: Some(true), ..LearnOptions::default() })
        .unwrap()
}

/// Six servers that differ in their framework and port, three unlike each other, a stub, a generated one.
fn library(dir: &Path) -> PathBuf {
    let folder = dir.join("spikes");
    std::fs::create_dir(&folder).unwrap();
    let write = |id: &str, stack: &[&str], description: &str, template: &str| {
        let spike = json!({ "id": id, "name": id, "stack": stack, "description": description, "params": [{ "name": "port", "default": "3000" }],
            "files": [{ "path": format!("src/{id}.ts"), "template": template }] });
        std::fs::write(folder.join(format!("{id}.json")), spike.to_string()).unwrap();
    };
    for name in ["koa", "hono", "express", "fastify", "elysia", "oak"] {
        let text = format!(
            "import {{ {name} }} from '{name}';\nimport {{ z }} from 'zod';\nconst app = {name}();\nconst Body = z.object({{ name: z.string() }});\n\
             app.post('/users', (request) => {{\n  const body = Body.parse(request.body);\n  return {{ ok: true, name: body.name }};\n}});\napp.listen({{{{port}}}});\n"
        );
        write(&format!("{name}-server"), &[name], &format!("A server with {name} that checks its input"), &text);
    }
    let route = "import NextAuth from 'next-auth';\nimport { PrismaAdapter } from '@auth/prisma-adapter';\nimport { prisma } from './prisma';\nexport const { handlers, auth } = NextAuth({ adapter: PrismaAdapter(prisma), providers: [], pages: { signIn: '/login/{{port}}' } });\n";
    write("next-prisma-auth", &["Next.js", "prisma"], "Sign-in with a database adapter", route);
    write("stub", &["redis"], "redis streams", "# redis skeleton {{port}}");
    write(
        "made",
        &["koa"],
        "Auto-generated spike for koa client in ts (basic).",
        "export const made = {{port}}; // and some more text of the generator",
    );
    folder
}

#[test]
fn families_become_patterns_that_can_be_stored_and_keep_their_ids() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("store"));
    let folder = library(dir.path());
    let r = learn(&engine, folder.clone());
    assert_eq!((r.stored, r.skipped_low_quality, r.skipped_generated, r.quality.scores.scored), (7, 1, 1, 8), "{r:?}");
    assert_eq!(r.quality.scores.histogram.iter().sum::<u64>(), 8);
    assert_eq!(r.patterns.len(), 1);
    let pattern = r.patterns[0].clone();
    assert_eq!(pattern.metadata["member_count"], json!(6));
    assert!(pattern.content.contains("const app = {{ value_1 }}();") && pattern.frameworks == ["zod"], "{}", pattern.content);
    let again = learn(&engine, folder);
    assert_eq!((again.stored, again.updated, again.patterns), (0, 0, r.patterns.clone()));
    assert_eq!(again.quality, r.quality);

    let chunks: Vec<ChunkInput> = r.patterns.into_iter().map(ChunkInput::from).collect();
    assert_eq!(engine.store(chunks, WriteOptions::default()).wait().unwrap().ids, [Some(pattern.id.clone())]);
    let as_json: ChunkInput = serde_json::from_value(serde_json::to_value(&pattern).unwrap()).unwrap();
    assert_eq!(as_json.id, Some(pattern.id));
}

#[test]
fn quality_is_explained_in_the_chunk_and_a_worse_version_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("store"));
    let folder = library(dir.path());
    learn(&engine, folder.clone());
    let get = || engine.get_many("default", vec!["spike:koa-server".into()]).wait().unwrap().remove(0);
    let chunk = get().unwrap().chunk;
    assert!(chunk.attributes.quality_score >= 0.7);
    assert!(chunk.attributes.metadata["quality"]["substance"]["why"].as_str().unwrap().contains("bytes"));
    std::fs::write(
        folder.join("koa-server.json"),
        r#"{"id":"koa-server","name":"k","files":[{"path":"a.ts","template":"// stub"}]}"#,
    )
    .unwrap();
    let r = learn(&engine, folder);
    assert_eq!((r.removed, r.skipped_low_quality), (1, 2));
    assert!(get().is_none());
}

#[test]
fn frameworks_are_related_by_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("store"));
    let r = learn(&engine, library(dir.path()));
    assert!(r.combinations.is_empty(), "no two are together three times: {:?}", r.combinations);
    let cancel = CancelToken::default();
    let suggest = |given: &[&str]| {
        let given: Vec<String> = given.iter().map(|s| (*s).to_owned()).collect();
        suggest_frameworks(&engine, None, &given, 3, &cancel)
    };
    let found = suggest(&["NextAuth"]).unwrap();
    assert_eq!(found.iter().map(|f| f.framework.as_str()).collect::<Vec<_>>(), ["auth", "nextjs", "prisma"]);
    assert_eq!(found[0].evidence, ["spike:next-prisma-auth"]);
    assert_eq!(suggest(&["TypeScript"]).unwrap_err().code(), "INVALID_ARGUMENT");
    let patterns = integration_patterns(&engine, None, ("Koa.js", "zod"), 10, &cancel).unwrap();
    assert_eq!(patterns.iter().map(|p| p.metadata["members"].clone()).collect::<Vec<_>>(), [json!(["spike:koa-server"])]);
    assert!(patterns[0].content.contains("app.listen({{port}});"));
    assert!(integration_patterns(&engine, None, ("koa", "redis"), 10, &cancel).unwrap().is_empty());
    assert_eq!(integration_patterns(&engine, None, ("next", "nextjs"), 10, &cancel).unwrap_err().code(), "INVALID_ARGUMENT");
}

#[test]
fn rendering_fills_in_and_never_leads_out() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir.path().join("store"));
    let folder = dir.path().join("spikes");
    std::fs::create_dir(&folder).unwrap();
    let spike = json!({ "id": "a", "name": "A", "params": [{ "name": "name", "default": "app" }, { "name": "key", "required": true }],
        "files": [{ "path": "{{name}}/a.yml", "template": "--- x\nk: {{ key }}\nt: ${{ secrets.T }}\n--- {{name}}/b.txt\n" }, { "path": "b.txt", "template": "{{unknown}}" }] });
    std::fs::write(folder.join("a.json"), spike.to_string()).unwrap();
    let options = LearnOptions { path: Some(folder), ..LearnOptions::default() };
    learn_from_spikes(&engine, &options).unwrap();
    let chunk = engine.get_many("default", vec!["spike:a".into()]).wait().unwrap().remove(0).unwrap().chunk;
    let render = |params: serde_json::Value| render_spike(&chunk, params.as_object().unwrap_or(&Map::new()));
    let r = render(json!({ "key": "{{name}}", "unknown": 7 })).unwrap();
    assert_eq!((r.files[0].path.as_str(), r.files[1].content.as_str()), ("app/a.yml", "7"));
    assert_eq!(r.files[0].content, "--- x\nk: {{name}}\nt: ${{ secrets.T }}\n--- app/b.txt");
    assert_eq!(r.params, *json!({ "name": "app", "key": "{{name}}" }).as_object().unwrap());
    for (params, says) in [
        (json!({ "key": 1 }), "unknown placeholder {{ unknown }} in \"b.txt\""),
        (json!({ "unknown": 1 }), "\"key\" is required"),
        (json!({ "key": 1, "unknown": 1, "nme": 1 }), "unknown parameter \"nme\""),
        (json!({ "key": [], "unknown": 1 }), "must be a text"),
        (json!({ "key": 1, "unknown": 1, "name": "../.." }), "leaves its folder"),
        (json!({ "key": 1, "unknown": 1, "name": "/etc" }), "is absolute"),
        (json!({ "key": 1, "unknown": 1, "name": "C:" }), "colon"),
        (json!({ "key": 1, "unknown": 1, "name": "\\\\host\\share" }), "is absolute"),
    ] {
        let e = render(params.clone()).unwrap_err();
        assert!(e.code() == "INVALID_ARGUMENT" && e.to_string().contains(says), "{params}: {e}");
    }
}
