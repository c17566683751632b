//! Languages by file extension.

/// Extensions of programming languages.
const CODE: &[(&str, &str)] = &[
    ("ts", "typescript"),
    ("tsx", "typescript"),
    ("mts", "typescript"),
    ("cts", "typescript"),
    ("js", "javascript"),
    ("jsx", "javascript"),
    ("mjs", "javascript"),
    ("cjs", "javascript"),
    ("py", "python"),
    ("go", "go"),
    ("rs", "rust"),
    ("java", "java"),
    ("kt", "kotlin"),
    ("kts", "kotlin"),
    ("cs", "csharp"),
    ("php", "php"),
    ("rb", "ruby"),
    ("ex", "elixir"),
    ("exs", "elixir"),
    ("scala", "scala"),
    ("dart", "dart"),
    ("swift", "swift"),
    ("c", "c"),
    ("h", "c"),
    ("cpp", "cpp"),
    ("cc", "cpp"),
    ("hpp", "cpp"),
    ("svelte", "svelte"),
    ("vue", "vue"),
    ("astro", "astro"),
    ("sql", "sql"),
    ("sh", "shell"),
    ("tf", "hcl"),
    ("hcl", "hcl"),
    ("rego", "rego"),
    ("prisma", "prisma"),
    ("proto", "protobuf"),
    ("graphql", "graphql"),
    ("graphqls", "graphql"),
];
/// Extensions that count only when there is no code.
const PROSE: &[(&str, &str)] = &[
    ("html", "html"),
    ("css", "css"),
    ("yml", "yaml"),
    ("yaml", "yaml"),
    ("toml", "toml"),
    ("json", "json"),
    ("xml", "xml"),
    ("md", "markdown"),
    ("mdx", "markdown"),
];

/// A language told by an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its name, lower case (`typescript`, also for `tsx`).
    pub language: &'static str,
    /// A programming language, rather than markup or configuration.
    pub code: bool,
}

/// The language of a path by its extension, in any case; `/` and `\` end folders. `None`: no extension, or not a known one.
#[must_use]
pub fn by_path(path: &str) -> Option<Known> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let (_, extension) = name.rsplit_once('.')?;
    let of = |table: &'static [(&str, &'static str)], code| {
        let found = table.iter().find(|(e, _)| e.eq_ignore_ascii_case(extension));
        found.map(|(_, language)| Known { language, code })
    };
    of(CODE, true).or_else(|| of(PROSE, false))
}

/// Is it the name of a language in the tables?
pub(crate) fn is_language(name: &str) -> bool {
    CODE.iter().chain(PROSE).any(|(_, language)| *language == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_extension_of_the_name_counts() {
        assert_eq!(by_path("a.py/b.d.TS"), Some(Known { language: "typescript", code: true }));
        assert_eq!(by_path("src\\main.rs").map(|k| k.language), Some("rust"));
        assert_eq!(by_path("ci.yml"), Some(Known { language: "yaml", code: false }));
        assert_eq!(by_path("a.rs/Makefile"), None);
        assert_eq!(by_path(".env.example"), None);
    }
}
