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
        let stem = part.split('.').next().unwrap_or(part).to_lowercase();
        let numbered = (stem.starts_with("com") || stem.starts_with("lpt"))
            && stem.len() == 4
            && stem.ends_with(|c: char| c.is_ascii_digit());
        if DEVICES.contains(&stem.as_str()) || numbered {
            return refused("names a device");
        }
        if part.eq_ignore_ascii_case(".git") {
            return refused("lies in a repository's own folder");
        }
        out.push(part);
    }
    if out.is_empty() { refused("names no file") } else { Ok(out.join("/")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // tests
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(checked("./src//a.ts").unwrap(), "src/a.ts");
        assert_eq!(checked("src\\sub\\.env.example").unwrap(), "src/sub/.env.example");
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
