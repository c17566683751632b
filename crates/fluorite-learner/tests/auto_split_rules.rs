//! What becomes of a long text: its pieces, whose they are, and what stays whole.
#![allow(clippy::unwrap_used)] // a test that fails may panic

#[path = "common/splits.rs"]
mod splits;

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{
    ChunkInput, ChunkType, Content, DeleteOptions, EngineConfig, Feedback, FeedbackKind, MemoryType, OnError, Query,
    SearchFilter, SearchMode, SearchOptions, SetFilter, WriteOptions,
};
use serde_json::{Map, Value, json};
use splits::{config, get, open, open_with, put, rows, texts};

fn map(v: Value) -> Map<String, Value> {
    v.as_object().unwrap().clone()
}

fn code(functions: usize) -> String {
    let body = "    const total = items.reduce((sum, item) => sum + item.price, 0);\n".repeat(6);
    let one = |i| format!("export function step{i}(items) {{\n{body}  return total;\n}}\n\n");
    format!("// Adds up carts.\n{}", (0..functions).map(one).collect::<String>())
}

#[test]
fn every_piece_is_what_the_whole_is_and_knows_its_place() {
    let engine = open(&SimVfs::new(1));
    let text = code(6);
    let caller = map(json!({ "path": "src/cart.ts", "owner": "ann", "symbols": "mine", "start_line": 101 }));
    let chunk = ChunkInput {
        id: Some("cart".into()),
        frameworks: Some(vec!["hono".into()]),
        tags: Some(vec!["shop".into()]),
        quality_score: Some(0.75),
        chunk_type: Some(ChunkType::Testing),
        memory_type: Some(MemoryType::Episodic),
        language: Some("typescript".into()),
        source: Some("repo".into()),
        namespace: Some("team".into()),
        metadata: Some(caller.clone()),
        ttl_seconds: Some(60.0),
        pinned: Some(true),
        ..ChunkInput::text(&text)
    };
    let stored = engine.store(vec![ChunkInput::text("short"), chunk], WriteOptions::default()).wait().unwrap();
    assert_eq!((stored.stored, stored.ids[1].as_deref()), (2, Some("cart")));
    let split = &stored.split[0];
    assert_eq!((stored.split.len(), split.index, split.id.as_str()), (1, 1, "cart"));
    let pieces: Vec<_> = rows(&engine).into_iter().skip(1).map(|r| r.chunk).collect();
    assert_eq!(pieces.len(), split.parts as usize);
    let mut line = 101;
    for (i, c) in pieces.iter().enumerate() {
        let (a, m) = (&c.attributes, &c.attributes.metadata);
        assert_eq!((c.id.as_str(), c.namespace.as_str()), (format!("cart#{}", i + 1).as_str(), "team"));
        assert_eq!((&a.frameworks[..], &a.tags[..]), (&["hono".to_owned()][..], &["shop".to_owned()][..]));
        assert_eq!((a.quality_score, a.chunk_type, a.memory_type), (0.75, ChunkType::Testing, MemoryType::Episodic));
        assert_eq!((a.language.as_deref(), a.source.as_deref(), a.pinned), (Some("typescript"), Some("repo"), true));
        assert_eq!(c.expires_at, pieces[0].expires_at);
        assert_eq!((&m["parent"], &m["part"], &m["parts"]), (&json!("cart"), &json!(i + 1), &json!(pieces.len())));
        assert_eq!((&m["path"], &m["owner"], &m["context"]), (&json!("src/cart.ts"), &json!("ann"), &json!("Adds up carts.")));
        let text = c.text();
        assert_eq!((m["start_line"].as_u64().unwrap(), engine.count_tokens(&text).unwrap() <= 200), (line, true));
        line += text.matches('\n').count() as u64;
        assert_eq!(m["end_line"].as_u64().unwrap(), line - 1);
        assert_eq!(m["symbols"], json!([{ "name": format!("step{i}"), "kind": "function" }]));
    }
    let whole = engine.get_many("team", vec!["cart".into()]).wait().unwrap().remove(0).unwrap().chunk;
    assert_eq!((whole.text().as_ref(), &whole.attributes.metadata), (text.as_str(), &caller));
    assert_eq!((whole.id.as_str(), whole.version, whole.expires_at), ("cart", 1, pieces[0].expires_at));
    assert!(get(&engine, "cart").is_none(), "of another namespace");
    // pieces are what is found, and told by their whole
    let filter = SearchFilter { metadata: Some(map(json!({ "parent": "cart" }))), ..SearchFilter::default() };
    let o = SearchOptions { mode: Some(SearchMode::Lexical), filter: Some(filter), ..SearchOptions::default() };
    let hits = engine.search(Query::Text("step4".into()), o).wait().unwrap();
    assert_eq!(hits[0].id, "cart#5");
}

#[test]
fn what_is_like_a_whole_is_found_without_its_pieces() {
    let engine = open(&SimVfs::new(1));
    let parts = put(&engine, "cart", &code(6));
    let other = put(&engine, "basket", &code(4));
    assert!(parts > 3 && other > 2);
    put(&engine, "prose", "nothing of that kind");
    let o = |limit| SearchOptions { limit: Some(limit), ..SearchOptions::default() };
    let related = |id: &str, limit| -> Vec<String> {
        engine.find_related("default", id, o(limit)).wait().unwrap().into_iter().map(|h| h.id).collect()
    };
    let found = related("cart", 2);
    assert!(found.len() == 2 && found.iter().all(|id| id.starts_with("basket#")), "{found:?}");
    assert!(related("cart", 100).iter().all(|id| !id.starts_with("cart#")));
    assert!(related("cart#2", 100).iter().any(|id| id.starts_with("cart#")), "of a piece the others are an answer");
    // with vectors: rows that are pieces by their metadata
    let row = |i: usize, vector: [f32; 4]| ChunkInput {
        metadata: Some(map(json!({ "parent": "v", "part": i, "parts": 2 }))),
        embedding: Some(vector.to_vec()),
        ..ChunkInput::text(&format!("piece {i}")).with_id(&format!("v#{i}"))
    };
    let at = |id: &str, vector: [f32; 4]| ChunkInput { embedding: Some(vector.to_vec()), ..ChunkInput::text(id).with_id(id) };
    let near = at("between", [1.0, 1.0, 0.0, 0.0]);
    let all = vec![row(1, [1.0, 0.0, 0.0, 0.0]), row(2, [0.0, 1.0, 0.0, 0.0]), near, at("beside", [1.0, 0.0, 0.6, 0.0])];
    engine.store(all, WriteOptions::default()).wait().unwrap();
    assert_eq!(related("v", 2), ["between", "beside"], "nearest to the mean of both");
    engine.delete("default", "v#2").wait().unwrap();
    assert_eq!(engine.find_related("default", "v", o(2)).wait().unwrap_err().code(), "NOT_FOUND", "it is taken apart");
}

#[test]
fn feedback_is_about_a_piece_and_says_so() {
    let engine = open(&SimVfs::new(1));
    let parts = put(&engine, "cart", &code(6));
    let about = |id: &str| {
        let chunk_id = id.to_owned();
        let (namespace, query, rating, correction, domain, comment) = (None, None, None, None, None, None);
        engine
            .add_feedback(vec![Feedback {
                chunk_id,
                namespace,
                query,
                kind: FeedbackKind::Success,
                rating,
                correction,
                domain,
                comment,
            }])
            .wait()
    };
    let refused = about("cart").unwrap_err();
    assert_eq!(refused.code(), "INVALID_ARGUMENT");
    assert!(refused.to_string().contains(&format!("\"cart#1\" to \"cart#{parts}\"")), "{refused}");
    about("cart#2").unwrap();
    assert_eq!(about("nothing").unwrap_err().code(), "NOT_FOUND");
    put(&engine, "x#1", "no piece of anything");
    assert_eq!(about("x").unwrap_err().code(), "NOT_FOUND");
}

#[test]
fn chunks_that_are_merely_called_like_pieces_are_left_alone() {
    let engine = open(&SimVfs::new(1));
    put(&engine, "x#2", "written by hand");
    put(&engine, "x#1", "this one too");
    assert!(get(&engine, "x").is_none());
    let before = texts(&engine).unwrap();
    let long = || ChunkInput::text(&code(3)).with_id("x");
    let refused = engine.store(vec![long()], WriteOptions::default()).wait().unwrap_err();
    assert_eq!(refused.code(), "INVALID_ID");
    assert!(refused.to_string().contains("\"x#1\""), "{refused}");
    let collect = WriteOptions { on_error: Some(OnError::Collect), ..WriteOptions::default() };
    let stored = engine.store(vec![long(), ChunkInput::text("good").with_id("y")], collect).wait().unwrap();
    assert_eq!((stored.stored, stored.ids), (1, vec![None, Some("y".into())]));
    assert_eq!((stored.failed[0].index, stored.failed[0].code, stored.split.len()), (0, "INVALID_ID", 0));
    assert!(engine.delete("default", "y").wait().unwrap());
    put(&engine, "x", "short");
    assert!(engine.delete("default", "x").wait().unwrap());
    assert_eq!(texts(&engine).unwrap(), before);
    // in one call, too
    let hand = ChunkInput::text("by hand").with_id("z#2");
    let both = engine.store(vec![hand, ChunkInput::text(&code(3)).with_id("z")], WriteOptions::default());
    assert_eq!(both.wait().unwrap_err().code(), "INVALID_ID");
    assert_eq!(texts(&engine).unwrap(), before);
    // a text of which a piece was overwritten by hand is no whole; deleting it leaves that chunk
    assert_eq!(put(&engine, "w", &code(3)), 3);
    put(&engine, "w#2", "by hand");
    assert!(get(&engine, "w").is_none());
    assert!(engine.delete("default", "w").wait().unwrap());
    assert_eq!(get(&engine, "w#2").unwrap().chunk.text(), "by hand");
    assert_eq!(rows(&engine).len(), 3);
}

#[test]
fn without_the_setting_long_texts_stay_whole_or_are_refused() {
    let disk = SimVfs::new(1);
    let off = EngineConfig { auto_split: false, max_chunk_size: 2_000, ..config(false) };
    let engine = open_with(&disk, off.clone()).unwrap();
    assert_eq!(put(&engine, "a", &"word ".repeat(400)), 1);
    let large = |id: &str| ChunkInput::text(&"word ".repeat(401)).with_id(id);
    let refused = engine.store(vec![large("b")], WriteOptions::default()).wait().unwrap_err();
    assert_eq!(refused.code(), "CHUNK_TOO_LARGE");
    assert!(refused.to_string().contains("memory.auto_split"), "{refused}");
    let split = |on| WriteOptions { auto_split: Some(on), ..WriteOptions::default() };
    assert!(engine.store(vec![large("b")], split(true)).wait().unwrap().split[0].parts > 1);
    assert_eq!(engine.store(vec![ChunkInput::text(&code(1))], split(false)).wait().unwrap().split, []);
    // what is no text, and what has a vector of its own, is not cut
    drop(engine);
    let engine = open_with(&disk.restart(), EngineConfig { auto_split: true, ..off.clone() }).unwrap();
    let bytes = |n| ChunkInput { content: Content(vec![0xFF; n]), ..ChunkInput::text("") };
    assert_eq!(engine.store(vec![bytes(2_000)], WriteOptions::default()).wait().unwrap().split, []);
    assert_eq!(engine.store(vec![bytes(2_001)], WriteOptions::default()).wait().unwrap_err().code(), "CHUNK_TOO_LARGE");
    let own = ChunkInput { embedding: Some(vec![1.0, 0.0]), ..ChunkInput::text(&"word ".repeat(400)) };
    assert_eq!(engine.store(vec![own], WriteOptions::default()).wait().unwrap().split, []);
    let long_id = ChunkInput::text(&code(3)).with_id(&"i".repeat(1_023));
    assert_eq!(engine.store(vec![long_id], WriteOptions::default()).wait().unwrap_err().code(), "INVALID_ID");
    // an engine without a splitter says so
    drop(engine);
    let engine = open_with(&disk.restart(), EngineConfig { splitter: None, ..off }).unwrap();
    assert_eq!(engine.store(vec![large("c")], split(true)).wait().unwrap_err().code(), "INVALID_ARGUMENT");
}

#[test]
fn pieces_are_held_to_the_largest_chunk() {
    let engine = open_with(&SimVfs::new(1), EngineConfig { max_chunk_size: 10, ..config(false) }).unwrap();
    let text = "一二三四五六 and\r\n\r\n   👨‍👩‍👦 more of it\n".repeat(3);
    assert!(put(&engine, "a", &text) > 10);
    assert!(rows(&engine).iter().all(|r| r.chunk.content.len() <= 10));
    assert_eq!(get(&engine, "a").unwrap().chunk.text(), text);
    let endless = engine.store(vec![ChunkInput::text(&"x ".repeat(120_000))], WriteOptions::default()).wait().unwrap_err();
    assert_eq!((endless.code(), endless.to_string().contains("20000")), ("CHUNK_TOO_LARGE", true), "{endless}");
}

#[test]
fn texts_do_not_hide_each_others_pieces() {
    let engine = open(&SimVfs::new(1));
    let long = |id: &str| ChunkInput::text(&code(3)).with_id(id);
    for [first, second] in [["a#1", "a"], ["b", "b#1"]] {
        assert_eq!(put(&engine, first, &code(3)), 3);
        let before = texts(&engine).unwrap();
        let refused = engine.store(vec![long(second)], WriteOptions::default()).wait().unwrap_err();
        assert_eq!((refused.code(), texts(&engine).unwrap()), ("INVALID_ID", before), "{refused}");
        // when the first is gone there is nothing in the way; both in one call are refused as well
        assert!(engine.delete("default", first).wait().unwrap());
        let both = engine.store(vec![long(first), long(second)], WriteOptions::default()).wait().unwrap_err();
        assert_eq!(both.code(), "INVALID_ID");
        assert_eq!(put(&engine, second, &code(3)), 3);
        assert!(get(&engine, second).is_some());
    }
}

#[test]
fn an_id_that_is_taken_within_the_call_fails_alone() {
    let engine = open(&SimVfs::new(1));
    let given = || vec![ChunkInput::text("good").with_id("y"), ChunkInput::text("hand").with_id("w#2"), long_w()];
    fn long_w() -> ChunkInput {
        ChunkInput::text(&code(3)).with_id("w")
    }
    let collect = WriteOptions { on_error: Some(OnError::Collect), ..WriteOptions::default() };
    let stored = engine.store(given(), collect).wait().unwrap();
    assert_eq!((stored.stored, stored.split.len(), stored.ids), (2, 0, vec![Some("y".into()), Some("w#2".into()), None]));
    assert_eq!((stored.failed.len(), stored.failed[0].index, stored.failed[0].code), (1, 2, "INVALID_ID"));
    assert_eq!(rows(&engine).len(), 2);
}

#[test]
fn a_call_may_bring_pieces_and_their_text_but_no_stranger_of_that_id() {
    let engine = open(&SimVfs::new(1));
    let long = |id: &str| ChunkInput::text(&code(3)).with_id(id);
    let piece = |part: u32| {
        let Value::Object(metadata) = json!({ "parent": "p", "part": part, "parts": 2 }) else { unreachable!() };
        ChunkInput { metadata: Some(metadata), ..ChunkInput::text("by hand").with_id(&format!("p#{part}")) }
    };
    engine.store(vec![piece(1), piece(2), long("p")], WriteOptions::default()).wait().unwrap();
    assert_eq!(get(&engine, "p").unwrap().chunk.text(), code(3));
    let stranger = vec![long("e"), ChunkInput::text("plain").with_id("e#1")];
    assert_eq!(engine.store(stranger, WriteOptions::default()).wait().unwrap_err().code(), "INVALID_ID");
    assert!(get(&engine, "e").is_none());
}

#[test]
fn a_purge_by_filter_of_many_texts_reads_the_rows_or_tries_the_names() {
    for texts in [1, 40] {
        let engine = open(&SimVfs::new(1));
        for i in 0..texts {
            assert_eq!(put(&engine, &format!("x{i}"), &code(3)), 3);
            put(&engine, &format!("x{i}"), "a short secret");
        }
        assert_eq!(put(&engine, "kept", &code(3)), 3);
        let filter =
            SearchFilter { namespace: Some(fluorite_memory::OneOrMany::One("default".into())), ..SearchFilter::default() };
        engine.delete_where_with(filter, false, DeleteOptions { purge: true }).wait().unwrap();
        for i in 0..texts {
            for id in [format!("x{i}"), format!("x{i}#1"), format!("x{i}#3")] {
                assert_eq!(engine.history("default", &id).wait().unwrap().len(), 0, "{id} of {texts}");
            }
        }
    }
}

#[test]
fn a_piece_that_is_too_large_is_told_by_its_text() {
    let engine = open_with(&SimVfs::new(1), EngineConfig { max_chunk_size: 2, ..config(false) }).unwrap();
    let refused = engine.store(vec![ChunkInput::text("一二三").with_id("a")], WriteOptions::default()).wait().unwrap_err();
    let told = refused.to_string();
    assert_eq!((refused.code(), told.contains("\"a\""), told.contains("auto_split")), ("CHUNK_TOO_LARGE", true, false), "{told}");
}

#[test]
fn a_purge_by_filter_takes_the_other_form_of_a_text_along() {
    for former_is_long in [false, true] {
        let engine = open(&SimVfs::new(1));
        let store = |id: &str, text: &str, tag: &str| {
            let chunk = ChunkInput { tags: Some(vec![tag.into()]), ..ChunkInput::text(text).with_id(id) };
            engine.store(vec![chunk], WriteOptions::default()).wait().unwrap();
        };
        store("x#9", "by hand", "other"); // merely called so
        for long in [former_is_long, !former_is_long] {
            store("x", &if long { code(3) } else { "a short secret".to_owned() }, "t");
        }
        store("y", &code(3), "other");
        assert_eq!(engine.history("default", "x").wait().unwrap().len(), 2);
        let tags = Some(SetFilter { any: Some(vec!["t".into()]), ..SetFilter::default() });
        let filter = SearchFilter { tags, ..SearchFilter::default() };
        let gone = engine.delete_where_with(filter, false, DeleteOptions { purge: true }).wait().unwrap();
        assert_eq!(gone, if former_is_long { 1 } else { 3 }, "rows that matched");
        for id in ["x", "x#1", "x#2", "x#3"] {
            assert_eq!(engine.history("default", id).wait().unwrap().len(), 0, "{id}");
        }
        assert_eq!(rows(&engine).len(), 4);
        assert_eq!((get(&engine, "y").unwrap().chunk.text(), get(&engine, "x#9").is_some()), (code(3).into(), true));
    }
}
