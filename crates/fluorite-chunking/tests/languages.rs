//! Each language: what a text defines, and that pieces end between definitions.
#![allow(clippy::unwrap_used)] // a test that fails may panic

use fluorite_chunking::{CharacterSize, ChunkingOptions, Language, Piece, PieceKind, chunk_text};

const TYPESCRIPT: &str = r#"import { a } from './a';

/** A cart. */
export class Cart extends Base {
  private items: Item[] = [];

  /** Adds one. */
  @logged()
  add(item: Item): void {
    const local = 1;
    this.items.push(item);
  }

  remove = (id: string) => {
    this.items = this.items.filter((i) => i.id !== id);
  };
}

export interface Item { id: string; price(): number }
export type Id = string | number;
export enum Color { Red, Green }
export const LIMIT = 10;
export const total = (items: Item[]) => items.length;
function helper(x: number): number {
  return x + 1;
}
namespace Space { export const inner = 1; }
"#;
const PYTHON: &str = "LIMIT = 3\nname = 'x'\n\n# About sums.\n@cache\ndef total(a, b):\n    \"\"\"Adds.\"\"\"\n    PI = 3\n    return a + b\n\n\nclass Cart:\n    SIZE = 4\n\n    @property\n    def items(self):\n        return self._items\n";
const RUST: &str = "//! A crate.\nmod inner {\n    pub fn deep() {}\n}\n\n/// A point.\n#[derive(Debug)]\npub struct Point {\n    x: i32,\n}\n\nimpl Point {\n    /// Makes one.\n    pub fn new() -> Self {\n        const LOCAL: i32 = 1;\n        Self { x: 0 }\n    }\n}\n\npub trait Shape {\n    fn area(&self) -> f64;\n}\nenum Kind { A }\ntype Pair = (i32, i32);\npub const MAX: usize = 3;\nmacro_rules! twice { () => {} }\n";
const GO: &str = "package main\n\nconst Limit = 3\n\ntype Point struct{ X int }\ntype Shape interface{ Area() float64 }\ntype ID string\n\n// Area says how large.\nfunc (p Point) Area() float64 {\n\treturn 1\n}\n\nfunc main() {\n\tconst local = 1\n}\n";
const JAVA: &str = "package a;\n\npublic class Cart {\n    static final int LIMIT = 3;\n    int size;\n\n    /** Makes one. */\n    public Cart() {}\n\n    @Override\n    public int total() { int x = 1; return x; }\n\n    enum Kind { A }\n}\n\ninterface Shape { int SIDES = 3; double area(); }\nrecord Point(int x) {}\n";
const PHP: &str = "<?php\nnamespace App\\Models;\n\nconst LIMIT = 3;\n\ninterface Shape { public function area(); }\ntrait Named { public function name() { return 1; } }\nenum Kind { case A; }\n\n/** A cart. */\n#[Entity]\nclass Cart {\n    const SIZE = 4;\n    public function total() { return 1; }\n}\n\nfunction helper() { return 2; }\n";
const CSHARP: &str = "using System;\nnamespace App\n{\n    /// <summary>A cart.</summary>\n    [Serializable]\n    public class Cart\n    {\n        public const int Limit = 3;\n        static readonly int Size = 4;\n        int plain = 1;\n        public Cart() {}\n        public int Total() { int Local() { return 1; } return Local(); }\n    }\n    public interface IShape { double Area(); }\n    public struct Point { }\n    public record Pair(int A, int B);\n    public enum Kind { A }\n    public delegate void Done(int x);\n}\n";
const RUBY: &str = "LIMIT = 3\n\nmodule Shop\n  # A cart.\n  class Cart\n    SIZE = 4\n    def total\n      1\n    end\n\n    def self.make\n      new\n    end\n  end\nend\n\ndef helper\n  2\nend\n";

fn pieces(text: &str, language: Language, max_tokens: usize) -> Vec<Piece> {
    let options = ChunkingOptions { max_tokens, language: Some(language), ..ChunkingOptions::default() };
    chunk_text(text, &options, &CharacterSize).unwrap()
}

fn symbols(pieces: &[Piece]) -> Vec<String> {
    pieces.iter().flat_map(|p| &p.symbols).map(|s| format!("{} {}", s.kind.name(), s.name)).collect()
}

#[test]
fn symbols_of_each_language_in_one_piece_and_in_many() {
    let cases: &[(Language, &str, &[&str])] = &[
        (
            Language::TypeScript,
            TYPESCRIPT,
            &[
                "class Cart",
                "method add",
                "method remove",
                "interface Item",
                "method price",
                "type Id",
                "enum Color",
                "constant LIMIT",
                "function total",
                "function helper",
                "module Space",
                "constant inner",
            ],
        ),
        (Language::Python, PYTHON, &["constant LIMIT", "function total", "class Cart", "constant SIZE", "method items"]),
        (
            Language::Rust,
            RUST,
            &[
                "module inner",
                "function deep",
                "struct Point",
                "method new",
                "trait Shape",
                "method area",
                "enum Kind",
                "type Pair",
                "constant MAX",
                "function twice",
            ],
        ),
        (
            Language::Go,
            GO,
            &["constant Limit", "struct Point", "interface Shape", "method Area", "type ID", "method Area", "function main"],
        ),
        (
            Language::Java,
            JAVA,
            &[
                "class Cart",
                "constant LIMIT",
                "method Cart",
                "method total",
                "enum Kind",
                "interface Shape",
                "constant SIDES",
                "method area",
                "class Point",
            ],
        ),
        (
            Language::Php,
            PHP,
            &[
                "module App\\Models",
                "constant LIMIT",
                "interface Shape",
                "method area",
                "trait Named",
                "method name",
                "enum Kind",
                "class Cart",
                "constant SIZE",
                "method total",
                "function helper",
            ],
        ),
        (
            Language::CSharp,
            CSHARP,
            &[
                "module App",
                "class Cart",
                "constant Limit",
                "constant Size",
                "method Cart",
                "method Total",
                "function Local",
                "interface IShape",
                "method Area",
                "struct Point",
                "class Pair",
                "enum Kind",
                "type Done",
            ],
        ),
        (
            Language::Ruby,
            RUBY,
            &["constant LIMIT", "module Shop", "class Cart", "constant SIZE", "method total", "method make", "function helper"],
        ),
    ];
    for (language, text, expected) in cases {
        let whole = pieces(text, *language, 8_192);
        assert_eq!(whole.len(), 1, "{language:?}");
        assert_eq!(symbols(&whole), *expected, "{language:?}");
        let many = pieces(text, *language, 20);
        assert!(many.len() > 2, "{language:?}");
        assert_eq!(symbols(&many), *expected, "{language:?} in many pieces");
        assert!(whole[0].scope.is_empty() && whole[0].kind == PieceKind::Code);
    }
}

#[test]
fn javascript_and_jsx() {
    let jsx = "export const App = () => <div>hello</div>;\nclass A { run() {} }\nfunction* walk() {}\n";
    assert_eq!(symbols(&pieces(jsx, Language::JavaScript, 200)), ["function App", "class A", "method run", "function walk"]);
    assert_eq!(symbols(&pieces(jsx, Language::Tsx, 200)), ["function App", "class A", "method run", "function walk"]);
}

#[test]
fn what_is_described_stays_with_its_comment_and_decorator() {
    for (language, text, above, below) in [
        (Language::TypeScript, TYPESCRIPT, "/** Adds one. */", "add(item: Item)"),
        (Language::TypeScript, TYPESCRIPT, "@logged()", "add(item: Item)"),
        (Language::Python, PYTHON, "# About sums.", "def total"),
        (Language::Rust, RUST, "/// A point.", "pub struct Point"),
        (Language::Rust, RUST, "/// Makes one.", "pub fn new"),
        (Language::Go, GO, "// Area says", "func (p Point)"),
        (Language::Java, JAVA, "@Override", "public int total"),
        (Language::Php, PHP, "/** A cart. */", "class Cart"),
        (Language::CSharp, CSHARP, "/// <summary>", "public class Cart"),
        (Language::Ruby, RUBY, "# A cart.", "class Cart"),
    ] {
        for max in [40, 48, 64, 100] {
            let found = pieces(text, language, max);
            let with = found.iter().find(|p| text[p.range.clone()].contains(above)).unwrap();
            let content = &text[with.range.clone()];
            assert!(content.contains(below), "{language:?} at {max}: {content:?}");
        }
    }
}

#[test]
fn pieces_end_between_definitions_and_know_what_they_lie_in() {
    let function =
        |n: usize| format!("  /** Number {n}. */\n  step{n}(a) {{\n    const x = a + {n};\n    return x * {n};\n  }}\n\n");
    let class = format!("class Machine {{\n{}}}\n", (0..12).map(function).collect::<String>());
    let found = pieces(&class, Language::TypeScript, 64);
    assert!(found.len() >= 4);
    for p in &found[1..] {
        assert!(class[p.range.clone()].trim_start().starts_with("/** Number"), "{:?}", &class[p.range.clone()]);
        assert_eq!(p.scope, ["Machine"]);
    }
    assert_eq!(found[0].start_line, 1);
    assert_eq!(found.last().unwrap().end_line, class.lines().count());

    let long = format!("class A:\n    def run(self):\n{}", "        print('one more line of it')\n".repeat(40));
    let found = pieces(&long, Language::Python, 64);
    assert_eq!(found.last().unwrap().scope, ["A", "run"]);
    let rust =
        format!("impl<T> Thing<T> {{\n{}}}\n", "    fn f(&self) -> usize {\n        self.calls + 12345\n    }\n".repeat(12));
    assert_eq!(pieces(&rust, Language::Rust, 64)[1].scope, ["Thing"]);
}

#[test]
fn code_that_does_not_parse_and_unknown_code_is_cut_at_lines() {
    let noise = "%%% ]]] ((( @@@ ;;; {{{ what is this\n".repeat(40);
    for language in [Language::Rust, Language::Java, Language::Code] {
        let found = pieces(&noise, language, 40);
        assert!(found.len() > 5);
        for p in found {
            assert!(noise[p.range.clone()].starts_with("%%%") && noise[p.range].ends_with("this"));
        }
    }
}

#[test]
fn minified_code_is_cut_between_statements() {
    let line: String = (0..200).map(|i| format!("function f{i}(a){{return a+{i};}}")).collect();
    let found = pieces(&line, Language::JavaScript, 64);
    for p in &found {
        assert!(
            line[p.range.clone()].starts_with("function") && line[p.range.clone()].ends_with('}'),
            "{:?}",
            &line[p.range.clone()]
        );
        assert_eq!((p.start_line, p.end_line), (1, 1));
    }
    assert_eq!(symbols(&found).len(), 200);
}
