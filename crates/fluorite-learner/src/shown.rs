//! What a message shows of a value somebody gave.

use std::borrow::Cow;

/// Longest part of a value that a message repeats, in bytes.
const MOST: usize = 120;

/// The value, or its start and an ellipsis.
pub(crate) fn shown(value: &str) -> Cow<'_, str> {
    if value.len() <= MOST { value.into() } else { format!("{}…", &value[..value.floor_char_boundary(MOST)]).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(shown("short"), "short");
        assert!(shown(&"あ".repeat(1_000_000)).len() <= MOST + 3);
    }
}
