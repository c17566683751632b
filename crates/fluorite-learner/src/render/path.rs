//! Paths that stay inside the folder they are written to, on any system.

use fluorite_memory::{Error, Result};

use crate::shown::shown;

/// Names that are devices on Windows, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The path with `/`, without `.` parts; an error for one that leads elsewhere.
pub(super) fn checked(path: &str) -> Result<String> {
    let refused =
        |why: &str| Err(Error::argument(format!("the path {:?} of a rendered file {why}: give other values", shown(path))));
    if path.trim().is_empty() {
        return refused("is empty");
    }
    if path.chars().any(|c| c.is_control()) {
        return refused("holds a control character");
    }
    if path.starts_with(['/', '\\']) {
        return refused("is absolute");
    }
    if path.contains(':') {
        return refused("holds a colon (a drive, or a stream)");
    }
    if path.starts_with('~') {
        return refused("begins in a home folder");
    }
    let mut out: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        // Windows drops dots and blanks at the end of a name: ".. " is ".."
        let bare = part.trim_end_matches([' ', '.']);
        match part {
            "" | "." => continue,
            _ if bare.is_empty() => return refused("leaves its folder"),
            _ if bare.len() != part.len() => return refused("has a part that ends in a dot or a blank"),
            _ => {}
        }
        let stem = part.split('.').next().unwrap_or(part).trim_end().to_lowercase();
        let numbered = (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.chars().count() == 4
            && stem.ends_with(|c: char| c.is_ascii_digit() || matches!(c, '¹' | '²' | '³'));
        if DEVICES.contains(&stem.as_str()) || numbered {
            return refused("names a device");
        }
        if is_git(part) {
            return refused("lies in a repository's own folder");
        }
        out.push(part);
    }
    if out.is_empty() { refused("names no file") } else { Ok(out.join("/")) }
}

/// Is this `.git` to some file system? NTFS gives that name `git~1` as well (another number where that was taken), HFS+ compares
/// names without characters that are not shown. What ends in dots, blanks or `:$INDEX_ALLOCATION` is refused for that alone.
fn is_git(part: &str) -> bool {
    let unseen = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let name: String = part.chars().filter(|c| !unseen(c)).flat_map(char::to_lowercase).collect();
    let short = |n: &str| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit());
    name == ".git" || name.strip_prefix("git~").is_some_and(short)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(checked("./src//a.ts").unwrap(), "src/a.ts");
        assert_eq!(checked("src\\sub\\.env.example").unwrap(), "src/sub/.env.example");
        for path in
            [".github/workflows/ci.yml", ".gitignore", "git/a", "git~/a", "git~1a", "git~1.txt", "a.git", "می\u{200c}روم.md"]
        {
            assert_eq!(checked(path).unwrap(), path);
        }
        let out = [
            "",
            " ",
            "/etc/passwd",
            "\\\\host\\share\\a",
            "C:\\a",
            "c:a",
            "a/../../b",
            "..",
            "../a",
            "a\\..\\b",
            ".. /a",
            "a/.../b",
            "~/a",
            "a\0b",
            "a\nb",
            "con",
            "sub/NUL.txt",
            "com1.log",
            "a/.git/hooks/x",
            ".GIT/config",
            "git~1/hooks/post-checkout",
            "a\\GIT~12\\config",
            ".g\u{200c}it/config",
            "\u{feff}.git",
            ".gi\u{206f}t\u{202e}/config",
            "g\u{200d}it~1/config",
            ".git /config",
            ".git./config",
            ".git::$INDEX_ALLOCATION/config",
            "nul .txt",
            "COM¹.log",
            ".",
            "./",
            "a./b",
            "file:///x",
            "a.txt:stream",
        ];
        for path in out {
            assert_eq!(checked(path).map_err(|e| e.code()), Err("INVALID_ARGUMENT"), "{path:?}");
        }
    }
}
