//! Values in the places of placeholders.

use std::collections::{BTreeMap, BTreeSet};

use fluorite_memory::{Error, Result};
use serde_json::{Map, Value};

use crate::shown::shown;
use crate::spike::{Part, SpikeParam, parts};

/// Longest value in bytes.
const MOST_BYTES: usize = 1 << 20;

/// The value of every parameter: as given, else as declared.
pub(super) fn values(declared: &[SpikeParam], given: &Map<String, Value>) -> Result<BTreeMap<String, String>> {
    let mut out = BTreeMap::new();
    for p in declared {
        if let Some(default) = p.default.as_ref().filter(|d| !d.is_null()) {
            out.insert(p.name.clone(), text_of(&p.name, default)?);
        }
    }
    for (name, value) in given {
        out.insert(name.clone(), text_of(name, value)?);
    }
    match declared.iter().find(|p| p.required == Some(true) && !out.contains_key(&p.name)) {
        Some(p) => Err(Error::argument(format!(
            "parameter {:?} is required: {}",
            p.name,
            p.description.as_deref().unwrap_or("give a value")
        ))),
        None => Ok(out),
    }
}

fn text_of(name: &str, value: &Value) -> Result<String> {
    let name = shown(name);
    match value {
        Value::String(s) if s.len() > MOST_BYTES => {
            Err(Error::argument(format!("parameter {name:?} has more than {MOST_BYTES} bytes")))
        }
        Value::String(s) => Ok(s.clone()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Bool(b) => Ok(b.to_string()),
        _ => Err(Error::argument(format!("parameter {name:?} must be a text, a number or a boolean"))),
    }
}

/// The text with all placeholders replaced, once: a value that looks like a placeholder stays as it is.
pub(super) fn fill(file: &str, text: &str, values: &BTreeMap<String, String>, used: &mut BTreeSet<String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(t) => out.push_str(t),
            Part::Name(name) => {
                let value = values.get(name).ok_or_else(|| {
                    Error::argument(format!(
                        "unknown placeholder {{{{ {name} }}}} in {file:?}: give params.{name} (as {{{{{name}}}}} to leave it as it is)"
                    ))
                })?;
                used.insert(name.to_owned());
                out.push_str(value);
            }
        }
    }
    Ok(out)
}
