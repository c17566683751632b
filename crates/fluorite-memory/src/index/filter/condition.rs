//! What a filter asks: which keys, which ranges, and whether the values make sense.

use serde_json::Value;

use super::key::{self, Label};
use crate::{
    error::{Error, Result},
    options::{Moment, SearchFilter, SetFilter},
    time::parse_iso,
};

/// A filter, checked and turned into keys.
#[derive(Debug)]
pub(super) struct Condition {
    /// Each list: at least one of these keys.
    pub(super) any: Vec<Vec<u64>>,
    /// Each of these keys.
    pub(super) all: Vec<u64>,
    /// None of these keys.
    pub(super) none: Vec<u64>,
    pub(super) min_quality: Option<f32>,
    /// First moment that counts.
    pub(super) from: Option<i64>,
    /// First moment that counts no more.
    pub(super) until: Option<i64>,
}

impl Condition {
    /// Errors: a quality that is none, a moment that is none, a metadata value that is not a scalar.
    pub(super) fn new(filter: &SearchFilter) -> Result<Self> {
        let mut out = Self {
            any: Vec::new(),
            all: Vec::new(),
            none: Vec::new(),
            min_quality: filter.min_quality,
            from: moment("created_after", filter.created_after.as_ref())?,
            until: moment("created_before", filter.created_before.as_ref())?,
        };
        if let Some(q) = filter.min_quality.filter(|q| !(0.0..=1.0).contains(q)) {
            return Err(Error::argument(format!("filter.min_quality must be a number between 0 and 1; it is {q}")));
        }
        out.any_of(Label::Namespace, filter.namespace.as_ref().map(|n| n.as_slice()));
        out.any_of(Label::Language, filter.language.as_deref());
        out.any_of(Label::Source, filter.source.as_deref());
        out.set(Label::Framework, filter.frameworks.as_ref());
        out.set(Label::Tag, filter.tags.as_ref());
        if let Some(types) = &filter.chunk_type {
            out.any.push(types.iter().map(|&t| key::chunk_type(t)).collect());
        }
        for (name, value) in filter.metadata.iter().flatten() {
            out.all.push(key::metadata(name, value).ok_or_else(|| not_scalar(name, value))?);
        }
        if filter.include_generated == Some(false) {
            out.none.push(Label::Tag.key("generated"));
        }
        Ok(out)
    }

    fn any_of(&mut self, label: Label, values: Option<&[String]>) {
        if let Some(values) = values {
            self.any.push(values.iter().map(|v| label.key(v)).collect());
        }
    }

    fn set(&mut self, label: Label, set: Option<&SetFilter>) {
        let Some(set) = set else { return };
        self.any_of(label, set.any.as_deref());
        self.all.extend(set.all.iter().flatten().map(|v| label.key(v)));
        self.none.extend(set.none.iter().flatten().map(|v| label.key(v)));
    }
}

/// Whether the filter asks nothing, so that every live row matches.
///
/// Empty `all`, `none` and `metadata` ask nothing; an empty `any` (or an empty list of namespaces, types, languages,
/// sources) asks for one of no values and matches nothing.
#[must_use]
pub fn is_empty_filter(filter: &SearchFilter) -> bool {
    let SearchFilter {
        namespace,
        frameworks,
        tags,
        chunk_type,
        language,
        source,
        min_quality,
        created_after,
        created_before,
        metadata,
        include_generated,
    } = filter;
    let no_values = |list: &Option<Vec<String>>| list.as_ref().is_none_or(Vec::is_empty);
    let no_set =
        |set: &Option<SetFilter>| set.as_ref().is_none_or(|s| s.any.is_none() && no_values(&s.all) && no_values(&s.none));
    namespace.is_none()
        && no_set(frameworks)
        && no_set(tags)
        && chunk_type.is_none()
        && language.is_none()
        && source.is_none()
        && min_quality.is_none()
        && created_after.is_none()
        && created_before.is_none()
        && metadata.as_ref().is_none_or(serde_json::Map::is_empty)
        && *include_generated != Some(false)
}

/// The first whole millisecond at or after the moment.
fn moment(name: &str, moment: Option<&Moment>) -> Result<Option<i64>> {
    match moment {
        None => Ok(None),
        Some(Moment::Millis(ms)) if ms.is_finite() => Ok(Some(ms.ceil() as i64)),
        Some(Moment::Millis(ms)) => Err(not_a_moment(name, &ms.to_string())),
        Some(Moment::Iso(text)) => parse_iso(text).map(Some).ok_or_else(|| not_a_moment(name, &format!("{text:?}"))),
    }
}

fn not_a_moment(name: &str, found: &str) -> Error {
    Error::argument(format!(
        "filter.{name} must be an ISO 8601 date (2026-01-31), a date-time with Z or offset (2026-01-31T12:00:00Z) \
         or milliseconds since the epoch; it is {found}"
    ))
}

fn not_scalar(name: &str, value: &Value) -> Error {
    let found = match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        _ => "null",
    };
    Error::argument(format!("filter.metadata: the value of {name:?} must be a string, a number or a boolean; it is {found}"))
}
