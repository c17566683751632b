//! Texts that are meant to hurt: they end, with pieces that keep the limit.
#![allow(clippy::unwrap_used)] // a test that fails may panic

use std::sync::atomic::{AtomicUsize, Ordering};

use fluorite_chunking::{CharacterSize, ChunkSize, ChunkingError, ChunkingOptions, Language, SizeError, chunk_text};

const MIB: usize = 1 << 20;

fn run(text: &str, language: Language) {
    let options = ChunkingOptions { language: Some(language), ..ChunkingOptions::default() };
    let pieces = chunk_text(text, &options, &CharacterSize).unwrap();
    let mut at = 0;
    for p in pieces {
        assert!(p.tokens <= 200 && p.range.start >= at && p.scope.len() <= 16);
        assert!(text[at..p.range.start].trim().is_empty());
        at = p.range.end;
    }
    assert!(text[at..].trim().is_empty());
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let n = 100_000;
    let texts = [
        "(".repeat(n),
        format!("{}{}", "(".repeat(n), ")".repeat(n)),
        format!("x = {}1{};", "[".repeat(n), "]".repeat(n)),
        format!("{}{}", "{\n".repeat(n), "}\n".repeat(n)),
        "function f(){".repeat(20_000),
        "> ".repeat(n),
        "[".repeat(n),
        "- ".repeat(n),
        "<div>".repeat(n / 5),
        "if (a) ".repeat(n / 5),
    ];
    // on a stack as small as a pool's thread may have
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || {
            for text in &texts {
                for language in [Language::TypeScript, Language::Python, Language::Rust, Language::CSharp, Language::Markdown] {
                    run(text, language);
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_line_of_a_megabyte_in_every_language() {
    let line: String = (0..).map(|i| format!("f({i});")).take(MIB / 8).collect();
    let word = "a".repeat(MIB);
    let marks = format!("e{}", "\u{301}".repeat(MIB / 2));
    for language in
        [Language::JavaScript, Language::Go, Language::Php, Language::Ruby, Language::Java, Language::Markdown, Language::Text]
    {
        for text in [&line, &word, &marks] {
            run(text, language);
        }
    }
    run(&" ".repeat(MIB), Language::Rust);
    run(&"\n".repeat(MIB), Language::Markdown);
    run(&format!("{}x", " ".repeat(MIB)), Language::Python);
    run(&"\u{1F1E6}".repeat(MIB / 16), Language::Text);
    run(&"\0".repeat(MIB / 4), Language::CSharp);
}

/// Stops after so many checks.
struct Stopping(AtomicUsize);

impl ChunkSize for Stopping {
    fn size(&self, text: &str) -> Result<usize, SizeError> {
        Ok(text.len())
    }
    fn check(&self) -> Result<(), SizeError> {
        if self.0.fetch_add(1, Ordering::Relaxed) > 3 { Err("stopped".into()) } else { Ok(()) }
    }
}

#[test]
fn a_caller_stops_the_parser() {
    let text = "const a = 1;\n".repeat(20_000);
    let options = ChunkingOptions { path: Some("a.ts".into()), ..ChunkingOptions::default() };
    let result = chunk_text(&text, &options, &Stopping(AtomicUsize::new(0)));
    assert!(matches!(result, Err(ChunkingError::Size(e)) if e.to_string() == "stopped"));
}

/// A counter that no text can satisfy.
struct Huge;

impl ChunkSize for Huge {
    fn size(&self, text: &str) -> Result<usize, SizeError> {
        Ok(text.len() * 1_000)
    }
}

#[test]
fn a_counter_without_room_is_an_error() {
    assert!(matches!(chunk_text("some text", &ChunkingOptions::default(), &Huge), Err(ChunkingError::NoRoom { .. })));
}
