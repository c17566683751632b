//! The grammar of each language.

use tree_sitter::Language as Grammar;

use crate::language::Language;

/// `None` for what has no grammar here.
pub(super) fn of(language: Language, text: &str) -> Option<Grammar> {
    let function = match language {
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Java => tree_sitter_java::LANGUAGE,
        // Without an opening tag the whole text would be HTML.
        Language::Php if text.contains("<?") => tree_sitter_php::LANGUAGE_PHP,
        Language::Php => tree_sitter_php::LANGUAGE_PHP_ONLY,
        Language::CSharp => tree_sitter_c_sharp::LANGUAGE,
        Language::Ruby => tree_sitter_ruby::LANGUAGE,
        Language::Code | Language::Markdown | Language::Text => return None,
    };
    Some(function.into())
}
