//! What defines a name, by language.

use tree_sitter::{Language as Grammar, Node};

use crate::language::Language;
use crate::piece::{Definition, SymbolKind};

/// Most bytes of a name.
const LONGEST: usize = 256;

/// What a kind of node says.
#[derive(Clone, Copy)]
enum Rule {
    /// Defines this; the name is in this field. A function within a type is a method.
    Named(SymbolKind, &'static str),
    /// Only encloses; the name is in this field.
    Scope(&'static str),
    /// By a function of its own.
    Special(fn(Node<'_>, &str) -> Option<SymbolKind>, &'static str),
}

use Rule::{Named, Scope, Special};
use SymbolKind::{Class, Constant, Enum, Function, Interface, Method, Module, Struct, Trait, Type};

const SCRIPT: &[(&str, Rule)] = &[
    ("function_declaration", Named(Function, "name")),
    ("generator_function_declaration", Named(Function, "name")),
    ("function_signature", Named(Function, "name")),
    ("class_declaration", Named(Class, "name")),
    ("abstract_class_declaration", Named(Class, "name")),
    ("method_definition", Named(Method, "name")),
    ("method_signature", Named(Method, "name")),
    ("abstract_method_signature", Named(Method, "name")),
    ("interface_declaration", Named(Interface, "name")),
    ("type_alias_declaration", Named(Type, "name")),
    ("enum_declaration", Named(Enum, "name")),
    ("internal_module", Named(Module, "name")),
    ("module", Named(Module, "name")),
    ("variable_declarator", Special(script_variable, "name")),
    ("public_field_definition", Special(script_field, "name")),
    ("field_definition", Special(script_field, "property")),
];
const PYTHON: &[(&str, Rule)] = &[
    ("function_definition", Named(Function, "name")),
    ("class_definition", Named(Class, "name")),
    ("type_alias_statement", Named(Type, "left")),
    ("assignment", Special(python_constant, "left")),
];
const RUST: &[(&str, Rule)] = &[
    ("function_item", Named(Function, "name")),
    ("function_signature_item", Named(Function, "name")),
    ("macro_definition", Named(Function, "name")),
    ("struct_item", Named(Struct, "name")),
    ("union_item", Named(Struct, "name")),
    ("enum_item", Named(Enum, "name")),
    ("trait_item", Named(Trait, "name")),
    ("type_item", Named(Type, "name")),
    ("associated_type", Named(Type, "name")),
    ("mod_item", Named(Module, "name")),
    ("const_item", Named(Constant, "name")),
    ("static_item", Named(Constant, "name")),
    ("impl_item", Scope("type")),
];
const GO: &[(&str, Rule)] = &[
    ("function_declaration", Named(Function, "name")),
    ("method_declaration", Named(Method, "name")),
    ("method_elem", Named(Method, "name")),
    ("type_spec", Special(go_type, "name")),
    ("type_alias", Named(Type, "name")),
    ("const_spec", Named(Constant, "name")),
];
const JAVA: &[(&str, Rule)] = &[
    ("class_declaration", Named(Class, "name")),
    ("record_declaration", Named(Class, "name")),
    ("interface_declaration", Named(Interface, "name")),
    ("annotation_type_declaration", Named(Interface, "name")),
    ("enum_declaration", Named(Enum, "name")),
    ("method_declaration", Named(Method, "name")),
    ("constructor_declaration", Named(Method, "name")),
    ("compact_constructor_declaration", Named(Method, "name")),
    ("variable_declarator", Special(java_constant, "name")),
];
const PHP: &[(&str, Rule)] = &[
    ("function_definition", Named(Function, "name")),
    ("class_declaration", Named(Class, "name")),
    ("interface_declaration", Named(Interface, "name")),
    ("trait_declaration", Named(Trait, "name")),
    ("enum_declaration", Named(Enum, "name")),
    ("method_declaration", Named(Method, "name")),
    ("namespace_definition", Named(Module, "name")),
    ("const_element", Named(Constant, "")),
];
const CSHARP: &[(&str, Rule)] = &[
    ("class_declaration", Named(Class, "name")),
    ("record_declaration", Named(Class, "name")),
    ("struct_declaration", Named(Struct, "name")),
    ("interface_declaration", Named(Interface, "name")),
    ("enum_declaration", Named(Enum, "name")),
    ("delegate_declaration", Named(Type, "name")),
    ("method_declaration", Named(Method, "name")),
    ("constructor_declaration", Named(Method, "name")),
    ("local_function_statement", Named(Function, "name")),
    ("namespace_declaration", Named(Module, "name")),
    ("file_scoped_namespace_declaration", Named(Module, "name")),
    ("variable_declarator", Special(csharp_constant, "name")),
];
const RUBY: &[(&str, Rule)] = &[
    ("method", Named(Function, "name")),
    ("singleton_method", Named(Method, "name")),
    ("class", Named(Class, "name")),
    ("module", Named(Module, "name")),
    ("assignment", Special(ruby_constant, "left")),
];

/// The rules of one language, by the grammar's number of each kind of node.
pub(super) struct Rules {
    by_kind: Vec<Option<Rule>>,
    /// Methods of Ruby live in modules too.
    modules_hold_methods: bool,
}

impl Rules {
    pub(super) fn of(language: Language, grammar: &Grammar) -> Self {
        let table = match language {
            Language::TypeScript | Language::Tsx | Language::JavaScript => SCRIPT,
            Language::Python => PYTHON,
            Language::Rust => RUST,
            Language::Go => GO,
            Language::Java => JAVA,
            Language::Php => PHP,
            Language::CSharp => CSHARP,
            Language::Ruby => RUBY,
            Language::Code | Language::Markdown | Language::Text => &[],
        };
        let rule = |id| {
            let kind = grammar.node_kind_for_id(id).filter(|_| grammar.node_kind_is_named(id))?;
            table.iter().find(|(k, _)| *k == kind).map(|(_, rule)| *rule)
        };
        let kinds = u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        Self { by_kind: (0..kinds).map(rule).collect(), modules_hold_methods: language == Language::Ruby }
    }

    /// What a node defines. `enclosing` is the definition it lies in.
    pub(super) fn definition(&self, node: Node<'_>, enclosing: Option<&Definition>, text: &str) -> Option<Definition> {
        let rule = (*self.by_kind.get(usize::from(node.kind_id()))?)?;
        let (kind, field) = match rule {
            Named(kind, field) => (Some(kind), field),
            Scope(field) => (None, field),
            Special(kind_of, field) => (Some(kind_of(node, text)?), field),
        };
        let name = if field.is_empty() { node.named_child(0)? } else { node.child_by_field_name(field)? };
        let at = name.byte_range();
        let written = text.get(at.clone()).filter(|n| !n.is_empty() && n.len() <= LONGEST && !n.contains('\n'))?;
        let within = |d: &Definition| match d.kind {
            None => true, // impl
            Some(Module) => self.modules_hold_methods,
            Some(kind) => kind.is_type(),
        };
        let kind = match kind {
            Some(Function) if enclosing.is_some_and(within) => Some(Method),
            // Locals are not symbols of the text.
            Some(Constant) if enclosing.is_some_and(|d| matches!(d.kind, Some(Function | Method | Constant))) => return None,
            kind => kind,
        };
        // `impl<T> Point<T>` encloses methods of Point.
        let name = if kind.is_none() { written.split('<').next().unwrap_or(written) } else { written };
        let name = name.trim().trim_matches(['"', '\'']).to_owned();
        Some(Definition { range: node.byte_range(), name_at: at.start, name, kind })
    }
}

/// A variable that holds a function or a class is one; a `const` is a constant.
fn script_variable(node: Node<'_>, text: &str) -> Option<SymbolKind> {
    if node.child_by_field_name("name")?.kind() != "identifier" {
        return None;
    }
    match node.child_by_field_name("value").map_or("", |v| v.kind()) {
        "arrow_function" | "function_expression" | "generator_function" => Some(Function),
        "class" => Some(Class),
        _ => starts_with(node.parent()?, text, "const").then_some(Constant),
    }
}

fn script_field(node: Node<'_>, _: &str) -> Option<SymbolKind> {
    let value = node.child_by_field_name("value")?.kind();
    matches!(value, "arrow_function" | "function_expression").then_some(Method)
}

/// Capitals alone are the convention.
fn python_constant(node: Node<'_>, text: &str) -> Option<SymbolKind> {
    let left = node.child_by_field_name("left").filter(|l| l.kind() == "identifier")?;
    let name = text.get(left.byte_range())?;
    let capital = name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase);
    capital.then_some(Constant)
}

fn go_type(node: Node<'_>, _: &str) -> Option<SymbolKind> {
    Some(match node.child_by_field_name("type").map_or("", |t| t.kind()) {
        "struct_type" => Struct,
        "interface_type" => Interface,
        _ => Type,
    })
}

/// `static final`, or anything in an interface.
fn java_constant(node: Node<'_>, text: &str) -> Option<SymbolKind> {
    let field = node.parent()?;
    let modifiers = || text.get(field.named_child(0).filter(|m| m.kind() == "modifiers")?.byte_range());
    let both = || modifiers().is_some_and(|m| m.contains("static") && m.contains("final"));
    (field.kind() == "constant_declaration" || field.kind() == "field_declaration" && both()).then_some(Constant)
}

/// `const`, or `static readonly`.
fn csharp_constant(node: Node<'_>, text: &str) -> Option<SymbolKind> {
    let field = node.parent()?.parent().filter(|f| f.kind() == "field_declaration")?;
    let mut cursor = field.walk();
    let modifiers: Vec<&str> =
        field.children(&mut cursor).filter(|c| c.kind() == "modifier").filter_map(|c| text.get(c.byte_range())).collect();
    (modifiers.contains(&"const") || modifiers.contains(&"static") && modifiers.contains(&"readonly")).then_some(Constant)
}

fn ruby_constant(node: Node<'_>, _: &str) -> Option<SymbolKind> {
    node.child_by_field_name("left").filter(|l| l.kind() == "constant").map(|_| Constant)
}

fn starts_with(node: Node<'_>, text: &str, word: &str) -> bool {
    text.get(node.byte_range()).is_some_and(|t| t.starts_with(word))
}
