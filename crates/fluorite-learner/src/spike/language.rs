//! The language of a template, guessed from the paths of its files.

use fluorite_chunking::by_path;

/// The language with the most bytes of text; code before configuration and prose, the first named at a tie.
pub(super) fn guess<'a>(files: impl Iterator<Item = (&'a str, usize)> + Clone) -> Option<&'static str> {
    most(files.clone(), true).or_else(|| most(files, false))
}

fn most<'a>(files: impl Iterator<Item = (&'a str, usize)>, code: bool) -> Option<&'static str> {
    let mut sums: Vec<(&'static str, usize)> = Vec::new();
    for (path, bytes) in files {
        let Some(language) = by_path(path).filter(|k| k.code == code).map(|k| k.language) else { continue };
        match sums.iter_mut().find(|(l, _)| *l == language) {
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
