//! Sealed, joined, reopened: the same scores to the bit as everything in memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::{collection::vec, prelude::*};

use super::segment::{TextBuilder, TextSegment, join};
use super::*;
use crate::cancel::CancelToken;
use crate::index::RowSet;
use crate::vfs::{SimVfs, Vfs};

const NONE: u32 = u32::MAX;
const STORE: u128 = 7;
const DIR: &str = "/index";

type Doc = Vec<(String, Field)>;

fn parts(doc: &Doc) -> Vec<(&str, Field)> {
    doc.iter().map(|(text, field)| (text.as_str(), *field)).collect()
}

/// An index that seals, and one that never does; the same changes go to both.
struct Both {
    disk: SimVfs,
    plain: TextIndex,
    sealed: TextIndex,
    live: RowSet,
    docs: BTreeMap<u32, Doc>,
    next: u32,
}

impl Both {
    fn new() -> Self {
        let disk = SimVfs::new(1);
        disk.create_dir_all(Path::new(DIR)).unwrap();
        let (plain, sealed) = (TextIndex::new(), TextIndex::new());
        Self { disk, plain, sealed, live: RowSet::new(), docs: BTreeMap::new(), next: 1 }
    }

    fn put(&mut self, row: u32, doc: Doc) {
        let digest = Digest::of(&parts(&doc));
        self.plain.insert(row, &digest);
        self.sealed.insert(row, &digest);
        self.docs.insert(row, doc);
        self.live.insert(row);
    }

    fn kill(&mut self, row: u32, told: bool) {
        self.live.remove(row);
        self.docs.remove(&row);
        if told {
            self.plain.set_dead(row);
            self.sealed.set_dead(row);
        }
    }

    fn forget(&mut self, row: u32) {
        self.kill(row, false);
        let rows = RowSet::from_iter([row]);
        self.plain.forget(&rows);
        self.sealed.forget(&rows);
    }

    fn write(&mut self, made: &segment::MadeText) -> Arc<TextSegment> {
        let path = Path::new(DIR).join(TextSegment::file_name(self.next));
        made.write(&self.disk, &path, STORE, &CancelToken::default()).unwrap();
        let opened = TextSegment::open(&self.disk, Path::new(DIR), self.next, STORE).unwrap().unwrap();
        self.next += 1;
        opened.prepare(&CancelToken::default()).unwrap();
        assert_eq!(opened.sequences().collect::<Vec<_>>(), made.sequences());
        Arc::new(opened)
    }

    /// Everything in memory becomes a segment; a row's sequence number is its own.
    fn seal(&mut self) {
        self.sealed.end_head(1);
        let heads: Vec<u64> = self.sealed.full_heads().map(|(number, _)| number).collect();
        let held: RowSet = self.sealed.full_heads().flat_map(|(_, rows)| rows.iter().collect::<Vec<_>>()).collect();
        let mut builder = TextBuilder::new(1_000).unwrap();
        let rows: Vec<u32> = held.iter().filter(|row| self.docs.contains_key(row)).collect();
        if rows.is_empty() {
            self.sealed.install(None, &heads, &[]);
            return;
        }
        for row in &rows {
            builder.add(u64::from(*row), &parts(&self.docs[row])).unwrap();
        }
        let segment = self.write(&builder.finish().unwrap());
        self.sealed.install(Some((segment, rows)), &heads, &[]);
    }

    /// All segments become one, or are mapped again.
    fn join(&mut self) {
        let infos: Vec<TextInfo> = self.sealed.segments().collect();
        let rows: Vec<Vec<u32>> = infos.iter().map(|i| self.sealed.rows_of(i.segment.number()).unwrap().to_vec()).collect();
        let lives: Vec<_> = rows.iter().map(|rows| move |doc: usize| rows[doc] != NONE).collect();
        let parts: Vec<(&TextSegment, &dyn Fn(usize) -> bool)> =
            infos.iter().zip(&lives).map(|(i, live)| (&*i.segment, live as &dyn Fn(usize) -> bool)).collect();
        let made = join(&parts).unwrap();
        let old: Vec<u32> = infos.iter().map(|i| i.segment.number()).collect();
        let new = made.map(|made| {
            let rows = rows.iter().flatten().copied().filter(|row| *row != NONE).collect();
            (self.write(&made), rows)
        });
        self.sealed.install(new, &[], &old);
    }

    /// Only the files are left; what is not in them is inserted again.
    fn reopen(&mut self) {
        let mut fresh = TextIndex::new();
        for info in self.sealed.segments() {
            let opened = TextSegment::open(&self.disk, Path::new(DIR), info.segment.number(), STORE).unwrap().unwrap();
            let old = self.sealed.rows_of(opened.number()).unwrap();
            let rows = opened.sequences().zip(old).map(|(s, r)| if self.live.contains(*r) { s as u32 } else { NONE }).collect();
            assert_eq!(fresh.unprepared().len(), 0);
            fresh.install(Some((Arc::new(opened), rows)), &[], &[]);
            for segment in fresh.unprepared() {
                segment.prepare(&CancelToken::default()).unwrap();
            }
        }
        for (row, doc) in &self.docs {
            if !fresh.has(*row) {
                fresh.insert(*row, &Digest::of(&parts(doc)));
            }
        }
        self.sealed = fresh;
    }

    fn check(&self, query: &str, allowed: &RowSet, live: &RowSet) {
        let bits = |hits: Vec<(u32, f32)>| hits.into_iter().map(|(row, s)| (row, s.to_bits())).collect::<Vec<_>>();
        for k in [3, usize::MAX] {
            let expected = self.plain.search(query, allowed, live, k).unwrap();
            assert_eq!(bits(self.sealed.search(query, allowed, live, k).unwrap()), bits(expected), "{query:?}, {k}");
        }
        self.check_terms(&QueryTerms::new(query), allowed, live, &bits);
        // other words for one of them, for two together, and for none
        let of = |of: &str, words: &[&'static str]| Alternatives { of: of.to_owned(), words: words.to_vec() };
        let first = query.split(' ').next().unwrap_or_default();
        let others = [of(first, &["p", "often", "s t"]), of(query, &["q", "pq rs"]), of("elsewhere", &["r", "often"])];
        self.check_terms(&QueryTerms::with(query, &others), allowed, live, &bits);
    }

    fn check_terms(
        &self,
        terms: &QueryTerms,
        allowed: &RowSet,
        live: &RowSet,
        bits: &impl Fn(Vec<(u32, f32)>) -> Vec<(u32, u32)>,
    ) {
        let (a, b) = (self.plain.query(terms, live).unwrap(), self.sealed.query(terms, live).unwrap());
        assert_eq!(bits(a.search(allowed, usize::MAX).unwrap()), bits(b.search(allowed, usize::MAX).unwrap()));
        assert_eq!(a.documents(), b.documents());
        assert_eq!(a.frequencies().collect::<Vec<_>>(), b.frequencies().collect::<Vec<_>>());
        let hits = a.search(allowed, usize::MAX).unwrap();
        let rows: Vec<u32> = hits.iter().rev().map(|(row, _)| *row).chain([900_000]).collect();
        let mut expected: Vec<u32> = hits.iter().rev().map(|(_, s)| s.to_bits()).collect();
        expected.push(0);
        for query in [a, b] {
            let scores: Vec<u32> = query.score_rows(&rows).unwrap().into_iter().map(f32::to_bits).collect();
            assert_eq!(scores, expected);
        }
    }
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![Just(Field::Body), Just(Field::Name), Just(Field::Tags), Just(Field::Path)]
}

fn doc() -> impl Strategy<Value = Doc> {
    let word = prop_oneof![
        8 => "[p-z]",
        1 => Just("pqRs".to_owned()),
        1 => Just("認証する".to_owned()),
        1 => (1usize..400).prop_map(|n| "often ".repeat(n)),
        1 => "[a-z]{3}",
    ];
    vec((vec(word, 0..12).prop_map(|w| w.join(" ")), field()), 0..3)
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<Doc>),
    Kill(prop::sample::Index),
    /// Dead, and the index is not told yet.
    Vanish(prop::sample::Index),
    Reuse(prop::sample::Index, Doc),
    Seal,
    Join,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => vec(doc(), 1..20).prop_map(Step::Put),
        3 => any::<prop::sample::Index>().prop_map(Step::Kill),
        1 => any::<prop::sample::Index>().prop_map(Step::Vanish),
        2 => (any::<prop::sample::Index>(), doc()).prop_map(|(i, d)| Step::Reuse(i, d)),
        3 => Just(Step::Seal),
        1 => Just(Step::Join),
        1 => Just(Step::Reopen),
    ]
}

// Planted, each turned this red: `remove` of a slot leaves the document's bit (a lost tombstone); `set_dead` of a sealed row
// keeps its place (a stale row after its number was used again); `count` gives `doc_freq` where documents are dead; `join`
// copies lengths of dead documents too; tf cut at 127 in the builder.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn what_is_sealed_does_not_matter(
        steps in vec(step(), 1..25),
        part in vec(any::<bool>(), 7),
        query in "([p-z] ){0,5}(pqRs)?( often)?( 認証)?",
    ) {
        let mut both = Both::new();
        let mut next = 0;
        for step in steps {
            let any = |both: &Both, i: prop::sample::Index| {
                let rows: Vec<u32> = both.docs.keys().copied().collect();
                (!rows.is_empty()).then(|| *i.get(&rows))
            };
            match step {
                Step::Put(docs) => {
                    for doc in docs {
                        both.put(next, doc);
                        next += if next.is_multiple_of(5) { 700 } else { 1 }; // several windows
                    }
                }
                Step::Kill(i) => if let Some(row) = any(&both, i) { both.kill(row, true) },
                Step::Vanish(i) => if let Some(row) = any(&both, i) { both.kill(row, false) },
                Step::Reuse(i, doc) => if let Some(row) = any(&both, i) {
                    // a segment's sequence number would be the new one's too: never so in a store
                    if both.sealed.place(row).is_none() {
                        both.forget(row);
                        both.put(row, doc);
                    }
                },
                Step::Seal => both.seal(),
                Step::Join => both.join(),
                Step::Reopen => both.reopen(),
            }
            let some: RowSet = both.live.iter().filter(|row| part[*row as usize % 7]).collect();
            both.check(&query, &both.live, &both.live);
            both.check(&query, &some, &both.live);
            both.check(&query, &some, &some); // statistics of a namespace
        }
    }
}

/// Longer than a block of postings, a window of documents, and a row number used again after its document was sealed.
#[test]
fn many_documents_in_several_segments() {
    let mut both = Both::new();
    for row in 0..9_000u32 {
        let text = format!("common word{} x{} {}", row % 7, row % 100, "often ".repeat(row as usize % 3));
        both.put(row, vec![(text, Field::Body)]);
        if row % 5_000 == 4_999 {
            both.seal();
        }
    }
    let queries = ["common", "often word3", "x42 common often", "word1 x99 absent", "x7"];
    let check = |both: &Both| {
        let some: RowSet = both.live.iter().filter(|row| (6_000..6_050).contains(row) || row % 1_000 == 7).collect();
        for query in queries {
            both.check(query, &both.live, &both.live);
            both.check(query, &some, &both.live);
            both.check(query, &some, &some);
        }
    };
    check(&both);
    both.seal();
    check(&both);
    for row in (0..9_000).step_by(13) {
        both.kill(row, true);
    }
    check(&both);
    for row in (0..9_000).step_by(26) {
        both.forget(row); // compaction
        both.put(row, vec![("used again often".to_owned(), Field::Body)]);
    }
    both.check("again common", &both.live.clone(), &both.live.clone());
    check(&both);
    both.join();
    check(&both);
    assert_eq!(both.sealed.segments().count(), 1);
}

/// Every field of the header, and bytes anywhere: an error or another tokenizer, never a panic, never another answer.
#[test]
fn damage_is_found_before_anything_is_read() {
    let mut both = Both::new();
    for row in 0..300 {
        both.put(row, vec![(format!("words of row {row} and {}", row % 9), Field::Body)]);
    }
    both.seal();
    let path = Path::new(DIR).join(TextSegment::file_name(1));
    let whole = both.disk.map(&path, both.disk.open(&path, crate::vfs::OpenMode::Read).unwrap().len().unwrap()).unwrap();
    let sections = whole.len() as u64;
    let used: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let offsets: Vec<usize> =
        (0..1_000).chain((0..4_000).map(|i| i * whole.len() / 4_000)).chain(used.iter().step_by(7).copied()).collect();
    let mut refused = 0;
    let try_bytes = |bytes: Vec<u8>| {
        let file = both.disk.open(&path, crate::vfs::OpenMode::Create).unwrap();
        file.write_at(&bytes, 0).unwrap();
        drop(file);
        match TextSegment::open(&both.disk, Path::new(DIR), 1, STORE) {
            Ok(Some(segment)) => segment.prepare(&CancelToken::default()).is_err(),
            Ok(None) | Err(_) => true,
        }
    };
    for at in offsets {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 1 << (at % 8);
        let found = try_bytes(bytes);
        refused += usize::from(found);
        assert!(found || whole[at] == 0, "a flip at {at} of {sections} was not seen"); // between sections lie zeros
    }
    assert!(refused > 1_000, "{refused}");
    for length in (0..whole.len()).step_by(997).chain(4_090..4_100) {
        assert!(try_bytes(whole[..length].to_vec()), "cut to {length}");
    }
    assert!(!try_bytes(whole.to_vec()));
    assert!(TextSegment::open(&both.disk, Path::new(DIR), 1, STORE + 1).is_err());
}
