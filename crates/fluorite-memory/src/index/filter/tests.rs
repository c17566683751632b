//! The filter index against a scan of all rows.

use proptest::{collection::vec, option::of, prelude::*};
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    chunk::{Attributes, ChunkType},
    error::Error,
    index::RowSet,
    options::{Moment, OneOrMany, SearchFilter, SetFilter},
};

#[derive(Debug, Clone)]
struct Doc {
    namespace: String,
    attributes: Attributes,
    created_at: i64,
    live: bool,
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[abAB]", Just("generated".to_owned()), Just("Generated".to_owned())]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    vec(word(), 0..3)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..3).prop_map(Value::from),
        (0..3u8).prop_map(|n| json!(f64::from(n))),
        "[aA1]".prop_map(Value::from),
    ]
}

fn metadata() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![4 => scalar(), 1 => Just(json!(null)), 1 => Just(json!(["a"]))];
    vec(("[xy]", value), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn chunk_type() -> impl Strategy<Value = ChunkType> {
    prop_oneof![Just(ChunkType::Component), Just(ChunkType::Pattern), Just(ChunkType::Thought)]
}

fn quality() -> impl Strategy<Value = f32> {
    (0u8..5).prop_map(|q| f32::from(q) / 4.0)
}

fn doc() -> impl Strategy<Value = Doc> {
    (word(), words(), words(), quality(), chunk_type(), of(word()), of(word()), metadata(), 0i64..6, any::<bool>()).prop_map(
        |(namespace, frameworks, tags, quality_score, chunk_type, language, source, metadata, created_at, live)| Doc {
            namespace,
            attributes: Attributes {
                frameworks,
                tags,
                quality_score,
                chunk_type,
                language,
                source,
                metadata,
                ..Attributes::default()
            },
            created_at,
            live,
        },
    )
}

fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        (0u8..12).prop_map(|half| Moment::Millis(f64::from(half) / 2.0)),
        (0i64..6).prop_map(|ms| Moment::Iso(crate::time::format_iso(ms))),
    ]
}

fn set() -> impl Strategy<Value = SetFilter> {
    (of(words()), of(words()), of(words())).prop_map(|(any, all, none)| SetFilter { any, all, none })
}

fn filter() -> impl Strategy<Value = SearchFilter> {
    let names = prop_oneof![word().prop_map(OneOrMany::One), words().prop_map(OneOrMany::Many)];
    let members = vec(("[xy]", scalar()), 0..2).prop_map(|pairs| pairs.into_iter().collect::<Map<_, _>>());
    let rare = 0.3;
    (
        (
            proptest::option::weighted(rare, names),
            proptest::option::weighted(rare, set()),
            proptest::option::weighted(rare, set()),
        ),
        proptest::option::weighted(rare, vec(chunk_type(), 0..3)),
        (proptest::option::weighted(rare, words()), proptest::option::weighted(rare, words())),
        proptest::option::weighted(rare, quality()),
        (proptest::option::weighted(rare, moment()), proptest::option::weighted(rare, moment())),
        proptest::option::weighted(rare, members),
        of(any::<bool>()),
    )
        .prop_map(
            |((namespace, frameworks, tags), chunk_type, (language, source), min_quality, times, metadata, generated)| {
                SearchFilter {
                    namespace,
                    frameworks,
                    tags,
                    chunk_type,
                    language,
                    source,
                    min_quality,
                    created_after: times.0,
                    created_before: times.1,
                    metadata,
                    include_generated: generated,
                }
            },
        )
}

fn folded(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

fn set_matches(filter: Option<&SetFilter>, have: &[String]) -> bool {
    let has = |wanted: &String| have.iter().any(|h| folded(h, wanted));
    filter.is_none_or(|f| {
        f.any.as_ref().is_none_or(|l| l.iter().any(has)) && f.all.iter().flatten().all(has) && !f.none.iter().flatten().any(has)
    })
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => x == y,
        _ => a == b,
    }
}

fn millis(m: &Moment) -> f64 {
    match m {
        Moment::Millis(ms) => *ms,
        Moment::Iso(text) => crate::time::parse_iso(text).unwrap() as f64,
    }
}

/// The definition, condition by condition.
fn matches(f: &SearchFilter, d: &Doc) -> bool {
    let a = &d.attributes;
    f.namespace.as_ref().is_none_or(|n| n.as_slice().contains(&d.namespace))
        && set_matches(f.frameworks.as_ref(), &a.frameworks)
        && set_matches(f.tags.as_ref(), &a.tags)
        && f.chunk_type.as_ref().is_none_or(|l| l.contains(&a.chunk_type))
        && f.language.as_ref().is_none_or(|l| a.language.as_ref().is_some_and(|v| l.iter().any(|w| folded(w, v))))
        && f.source.as_ref().is_none_or(|l| a.source.as_ref().is_some_and(|v| l.contains(v)))
        && f.min_quality.is_none_or(|q| a.quality_score >= q)
        && f.created_after.as_ref().is_none_or(|m| d.created_at as f64 >= millis(m))
        && f.created_before.as_ref().is_none_or(|m| (d.created_at as f64) < millis(m))
        && f.metadata.iter().flatten().all(|(k, v)| a.metadata.get(k).is_some_and(|have| equal(have, v)))
        && (f.include_generated != Some(false) || !a.tags.iter().any(|t| folded(t, "generated")))
}

fn add(index: &mut FilterIndex, row: usize, doc: &Doc) {
    index.insert(row as u32, &doc.namespace, &doc.attributes, doc.created_at);
}

fn check(index: &FilterIndex, docs: &[Doc], filter: &SearchFilter) {
    let live: RowSet = docs.iter().enumerate().filter(|(_, d)| d.live).map(|(i, _)| i as u32).collect();
    let naive: RowSet = live.iter().filter(|&row| matches(filter, &docs[row as usize])).collect();
    match index.evaluate(filter, &live).unwrap() {
        Selection::All => {
            assert!(is_empty_filter(filter));
            assert_eq!(naive, live, "{filter:?}");
        }
        Selection::Some(rows) => assert_eq!(rows, naive, "{filter:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn equals_a_scan(
        mut docs in vec(doc(), 0..60),
        again in vec((0usize..60, doc()), 0..20),
        filters in vec(filter(), 1..8),
    ) {
        let mut index = FilterIndex::new();
        for (row, doc) in docs.iter().enumerate() {
            add(&mut index, row, doc);
        }
        filters.iter().for_each(|f| check(&index, &docs, f));
        // Rows are purged and given to other chunks.
        let again: std::collections::BTreeMap<_, _> = again.into_iter().filter(|(row, _)| *row < docs.len()).collect();
        index.forget(&again.keys().map(|&row| row as u32).collect());
        for (row, doc) in again {
            add(&mut index, row, &doc);
            docs[row] = doc;
        }
        filters.iter().for_each(|f| check(&index, &docs, f));
    }

    #[test]
    fn what_was_saved_is_found_again(
        docs in vec(doc(), 1..60),
        moved in any::<bool>(),
        order in any::<prop::sample::Index>(),
        newer in vec(doc(), 0..10),
        filters in vec(filter(), 1..8),
    ) {
        let mut index = FilterIndex::new();
        for (row, doc) in docs.iter().enumerate() {
            add(&mut index, row, doc);
        }
        // saved are the living, in an order of their own
        let mut rows: Vec<u32> = (0..docs.len() as u32).filter(|row| docs[*row as usize].live).collect();
        let turn = order.index(rows.len().max(1));
        rows.rotate_left(if moved { turn } else { 0 });
        let mut bytes = Vec::new();
        index.save(&rows, &mut bytes);
        // opened again: row `i` stands where rank `i` was, but every seventh is gone
        let mut opened: Vec<Doc> = rows.iter().map(|row| docs[*row as usize].clone()).collect();
        for doc in opened.iter_mut().skip(3).step_by(7) {
            doc.live = false;
        }
        let places: Vec<_> =
            opened.iter().enumerate().map(|(row, doc)| doc.live.then_some((row as u32, doc.created_at))).collect();
        let mut fresh = FilterIndex::new();
        for (i, doc) in newer.iter().enumerate() {
            add(&mut fresh, opened.len() + i, doc);
        }
        let loaded = FilterIndex::load(&mut crate::log::varint::Reader(&bytes), &places).unwrap();
        fresh.put_under(loaded);
        opened.extend(newer);
        filters.iter().for_each(|f| check(&fresh, &opened, f));
        for cut in [0, bytes.len() / 2, bytes.len() - 1] {
            prop_assert!(FilterIndex::load(&mut crate::log::varint::Reader(&bytes[..cut]), &places).is_none());
        }
        let mut longer = bytes.clone();
        longer.push(0);
        prop_assert!(FilterIndex::load(&mut crate::log::varint::Reader(&longer), &places).is_none());
    }
}

#[test]
fn an_empty_any_matches_nothing_and_empty_all_and_none_match_everything() {
    let mut index = FilterIndex::new();
    index.insert(0, "n", &Attributes::default(), 0);
    let live = RowSet::below(1);
    let tags = |any, all, none| SearchFilter { tags: Some(SetFilter { any, all, none }), ..SearchFilter::default() };
    let nothing = Selection::Some(RowSet::new());
    assert_eq!(index.evaluate(&tags(Some(vec![]), None, None), &live).unwrap(), nothing);
    assert_eq!(index.evaluate(&tags(None, Some(vec![]), Some(vec![])), &live).unwrap(), Selection::All);
    let nowhere = SearchFilter { namespace: Some(OneOrMany::Many(vec![])), ..SearchFilter::default() };
    assert_eq!(index.evaluate(&nowhere, &live).unwrap(), nothing);
    let shown = SearchFilter { include_generated: Some(true), ..SearchFilter::default() };
    assert_eq!(index.evaluate(&shown, &live).unwrap(), Selection::All);
}

#[test]
fn nonsense_is_an_argument_error_that_names_it() {
    let refuse = |filter: SearchFilter, words: &[&str]| {
        let e = FilterIndex::new().evaluate(&filter, &RowSet::new()).unwrap_err();
        assert!(matches!(e, Error::InvalidArgument { .. }));
        words.iter().for_each(|w| assert!(e.to_string().contains(w), "{e} lacks {w}"));
    };
    refuse(SearchFilter { min_quality: Some(f32::NAN), ..SearchFilter::default() }, &["min_quality", "NaN"]);
    let after = |m| SearchFilter { created_after: Some(m), ..SearchFilter::default() };
    refuse(after(Moment::Iso("yesterday".into())), &["created_after", "ISO 8601", "milliseconds", "yesterday"]);
    refuse(after(Moment::Iso("2026-01-31T12:00:00".into())), &["with Z or offset"]);
    refuse(after(Moment::Millis(f64::NAN)), &["created_after", "NaN"]);
    let list = Map::from_iter([("owner".to_owned(), json!(["x"]))]);
    refuse(SearchFilter { metadata: Some(list), ..SearchFilter::default() }, &["owner", "a list"]);
}

#[test]
fn a_purged_value_leaves_nothing_behind() {
    let mut index = FilterIndex::new();
    for row in 0..100 {
        let source = Some(format!("file {row}"));
        index.insert(row, "n", &Attributes { source, ..Attributes::default() }, 0);
    }
    let before = index.bytes();
    assert!(before > 100 * 12);
    index.forget(&RowSet::below(100));
    let Selection::Some(rows) = index
        .evaluate(&SearchFilter { source: Some(vec!["file 7".into()]), ..SearchFilter::default() }, &RowSet::below(100))
        .unwrap()
    else {
        panic!("a source is a condition")
    };
    assert!(rows.is_empty());
}
