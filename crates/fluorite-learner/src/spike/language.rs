//! The language of a template, guessed from the paths of its files.

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

/// The language with the most bytes of text; code before configuration and prose, the first named at a tie.
pub(super) fn guess<'a>(files: impl Iterator<Item = (&'a str, usize)> + Clone) -> Option<&'static str> {
    most(files.clone(), CODE).or_else(|| most(files, PROSE))
}

fn most<'a>(files: impl Iterator<Item = (&'a str, usize)>, table: &[(&str, &'static str)]) -> Option<&'static str> {
    let mut sums: Vec<(&'static str, usize)> = Vec::new();
    for (path, bytes) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((_, extension)) = name.rsplit_once('.') else { continue };
        let extension = extension.to_ascii_lowercase();
        let Some((_, language)) = table.iter().find(|(e, _)| *e == extension) else { continue };
        match sums.iter_mut().find(|(l, _)| l == language) {
            Some((_, sum)) => *sum += bytes,
            None => sums.push((language, bytes)),
        }
    }
    let largest = sums.iter().map(|(_, n)| *n).max()?;
    sums.iter().find(|(_, n)| *n == largest).map(|(l, _)| *l)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comes_before_prose_and_more_before_less() {
        assert_eq!(guess([("README.md", 900), ("src/a.py", 10), ("b.ts", 20)].into_iter()), Some("typescript"));
        assert_eq!(guess([("ci.yml", 9), ("README.md", 5)].into_iter()), Some("yaml"));
        assert_eq!(guess([("Makefile", 9), (".env.example", 5)].into_iter()), None);
        assert_eq!(guess([("a.go", 0), ("b.rs", 0)].into_iter()), Some("go"));
    }
}
