//! Spike templates and the repair of broken JSON.

use fluorite_learner::{read_spike, repair_json};
use serde::de::IgnoredAny;

pub const TOKENS: &[&str] = &[
    "\"files\":[",
    "\"template\":\"",
    "\"path\":\"",
    "\"params\":[",
    "\"default\":",
    "\\\"",
    "\\u",
    "\\$",
    "\"",
    "}",
    "]",
    ",",
    "\u{feff}",
    "{{ x }}",
    "\n",
    "1e400",
    "\\ud800",
];

/// Promise: a template has id and name and reads the same once written; a repair is JSON, and well-formed JSON needs none.
pub fn run(data: &[u8]) {
    match read_spike(data) {
        Ok(reading) => {
            let t = &reading.template;
            assert!(!t.id.trim().is_empty() && !t.name.trim().is_empty() && t.files.iter().all(|f| !f.path.trim().is_empty()));
            let written = serde_json::to_vec(t).expect("a template");
            let again = read_spike(&written).expect("a template that was just written");
            assert!(again.repaired.is_none() && again.template == *t, "a template changes when it is written again");
            assert_eq!(
                reading.repaired.is_some(),
                serde_json::from_slice::<IgnoredAny>(data).is_err(),
                "repaired: {:?}",
                reading.repaired
            );
        }
        Err(e) => assert!(!e.reason.is_empty() && e.offset.is_none_or(|at| at <= data.len() as u64), "{e:?}"),
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    // half a surrogate pair is skipped by the one and refused by the other
    let well_formed = serde_json::from_str::<IgnoredAny>(text).is_ok() && serde_json::from_str::<serde_json::Value>(text).is_ok();
    match repair_json(text) {
        Ok((fixed, _)) if well_formed => assert_eq!(fixed, text, "well-formed JSON was changed"),
        Ok((fixed, what)) => {
            // deeper than the strict parser reads is the one thing it may refuse
            let strict = serde_json::from_str::<IgnoredAny>(&fixed);
            assert!(
                strict.as_ref().is_ok_and(|_| true) || strict.is_err_and(|e| e.to_string().contains("recursion")),
                "{what}: {fixed}"
            );
        }
        Err((at, why)) => {
            let deep = why.contains("nested too deeply"); // a bound of its own, below that of the strict parser
            assert!(at <= text.len() && !why.is_empty() && (deep || !well_formed), "well-formed JSON was refused: {why} at {at}");
        }
    }
}
