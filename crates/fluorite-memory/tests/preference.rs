//! A simulated user with a hidden preference: does feedback make the order better where no feedback was given, and does a second
//! domain spoil the first? Prints its figures (`--nocapture`).
//!
//! The library: 80 subjects of 15 chunks each, whose texts hold 2 to 4 of the subject's 5 words and 20 common ones. Subjects 0 to 39
//! are those of domain `web`, 40 to 79 of domain `data`. In `web` a chunk is typescript or of no language, in
//! `data` python or typescript; each is tagged `tested` with even odds, and has a quality between 0 and 1; all by fixed dice.
//!
//! The hidden preference: a chunk of another subject is worth 0. One of the subject is worth 1, and 1 more for the liked language
//! (`web`: typescript; `data`: python), and 1 more for `tested`. The user of 30 subjects of a domain asks for three words of the
//! subject, sees ten hits, and rates each by its worth / 3, but one time in eight at random: 300 events. Measured is NDCG@10 (gain
//! 2^worth - 1) on queries of the ten subjects that never had feedback.
//!
//! `data` dislikes what `web` likes: training it moves the weight of typescript, unless that is protected.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss)] // a test

mod common;

use common::dice::Dice;
use common::{chunk, open};
use fluorite_memory::{ChunkInput, Engine, Feedback, FeedbackKind, Query, SearchOptions, TrainOptions, WriteOptions};

const EACH: usize = 15;
const TAUGHT: usize = 30;

struct Domain {
    name: &'static str,
    first: usize,
    liked: &'static str,
    other: Option<&'static str>,
}

const WEB: Domain = Domain { name: "web", first: 0, liked: "typescript", other: None };
const DATA: Domain = Domain { name: "data", first: 40, liked: "python", other: Some("typescript") };

/// Ends in k, so that no two words share a stem.
fn word(subject: usize, i: usize) -> String {
    let letter = |n: usize| char::from(b'a' + (n % 26) as u8);
    format!("{}{}{}k", ["alpha", "bravo", "carol", "delta", "eagle"][i], letter(subject / 26), letter(subject))
}

fn library() -> Vec<ChunkInput> {
    let mut dice = Dice::new(6);
    let mut all = Vec::new();
    for d in [WEB, DATA] {
        for subject in d.first..d.first + 40 {
            for n in 0..EACH {
                let mut words: Vec<String> =
                    (0..2 + dice.below(3) as usize).map(|_| word(subject, dice.below(5) as usize)).collect();
                words.extend((0..20).map(|_| format!("common{}", dice.below(200))));
                let mut c = chunk(&format!("{subject}-{n}"), &words.join(" "));
                c.language = if dice.once_in(2) { Some(d.liked) } else { d.other }.map(str::to_owned);
                c.tags = Some(if dice.once_in(2) { vec!["tested".to_owned()] } else { Vec::new() });
                c.quality_score = Some(dice.below(1_000) as f32 / 1_000.0);
                all.push(c);
            }
        }
    }
    all
}

fn query(subject: usize) -> String {
    (0..3).map(|i| word(subject, (subject + i) % 5)).collect::<Vec<_>>().join(" ")
}

/// What a chunk is worth to the user of a domain who asks for this subject.
fn worth(d: &Domain, subject: usize, c: &fluorite_memory::Chunk) -> u32 {
    if !c.id.starts_with(&format!("{subject}-")) {
        return 0;
    }
    1 + u32::from(c.attributes.language.as_deref() == Some(d.liked)) + u32::from(c.attributes.tags.iter().any(|t| t == "tested"))
}

fn hits(engine: &Engine, subject: usize) -> Vec<std::sync::Arc<fluorite_memory::Chunk>> {
    let found = engine.search(Query::Text(query(subject)), SearchOptions::default()).wait().unwrap();
    found.into_iter().map(|h| h.record.unwrap().chunk).collect()
}

fn rate(engine: &Engine, d: &Domain) {
    let mut dice = Dice::new(d.first as u64 + 1);
    let mut all = Vec::new();
    for subject in d.first..d.first + TAUGHT {
        for c in hits(engine, subject) {
            let honest = worth(d, subject, &c) as f32 / 3.0;
            let rating = if dice.once_in(8) { dice.below(4) as f32 / 3.0 } else { honest };
            all.push(Feedback {
                chunk_id: c.id.clone(),
                namespace: None,
                query: Some(query(subject)),
                kind: FeedbackKind::Rating,
                rating: Some(rating),
                correction: None,
                domain: Some(d.name.to_owned()),
                comment: None,
            });
        }
    }
    all.truncate(300);
    assert_eq!(all.len(), 300);
    engine.add_feedback(all).wait().unwrap();
}

/// Mean NDCG@10 over the subjects that never had feedback.
fn ndcg(engine: &Engine, d: &Domain, chunks: &[ChunkInput]) -> f64 {
    let gain = |w: u32| f64::from((1u32 << w) - 1);
    let discounted =
        |worths: &[u32]| worths.iter().take(10).enumerate().map(|(i, w)| gain(*w) / ((i + 2) as f64).log2()).sum::<f64>();
    let subjects = d.first + TAUGHT..d.first + 40;
    let n = subjects.len() as f64;
    let of = |subject: usize| {
        let found: Vec<u32> = hits(engine, subject).iter().map(|c| worth(d, subject, c)).collect();
        let mut best: Vec<u32> = chunks
            .iter()
            .filter(|c| c.id.as_ref().unwrap().starts_with(&format!("{subject}-")))
            .map(|c| 1 + u32::from(c.language.as_deref() == Some(d.liked)) + u32::from(!c.tags.as_ref().unwrap().is_empty()))
            .collect();
        best.sort_unstable_by(|a, b| b.cmp(a));
        discounted(&found) / discounted(&best)
    };
    subjects.map(of).sum::<f64>() / n
}

/// NDCG of `web` before, behind its training, and behind that of `data`; and that of `data` before and behind its own.
fn run(protection: Option<f64>) -> [f64; 5] {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let chunks = library();
    engine.store(chunks.clone(), WriteOptions::default()).wait().unwrap();
    let train = || {
        let report = engine.train_incremental(Vec::new(), TrainOptions { protection, ..TrainOptions::default() }).wait().unwrap();
        assert!(report.applied, "{report:?}");
        println!(
            "  held-out pairs {}: accuracy {:?} -> {:?}",
            report.held_out_pairs, report.accuracy_before, report.accuracy_after
        );
        let shared = report.domains[0].shared.as_ref().unwrap();
        println!(
            "  known items without a domain: {:.3} (MRR {:.3}) by the bundled weights, {:.3} ({:.3}) now, of {}",
            shared.bundled.hit_at_10, shared.bundled.mrr, shared.kept.hit_at_10, shared.kept.mrr, shared.known_items
        );
    };
    let plain = ndcg(&engine, &WEB, &chunks);
    rate(&engine, &WEB);
    train();
    let learned = ndcg(&engine, &WEB, &chunks);
    let data_plain = ndcg(&engine, &DATA, &chunks);
    rate(&engine, &DATA);
    train();
    [plain, learned, ndcg(&engine, &WEB, &chunks), data_plain, ndcg(&engine, &DATA, &chunks)]
}

#[test]
fn three_hundred_events_teach_the_preference_and_a_second_domain_does_not_spoil_it() {
    let [plain, learned, kept, data_plain, data_learned] = run(None);
    println!(
        "web: NDCG@10 {plain:.3} -> {learned:.3} behind 300 events; {kept:.3} behind 300 events of data ({data_plain:.3} -> {data_learned:.3})"
    );
    assert!(learned - plain >= 0.05, "the preference was not learned");
    assert!(data_learned - data_plain >= 0.05, "the second preference was not learned");
    let share = (kept - plain) / (learned - plain);
    let [plain2, learned2, kept2, ..] = run(Some(0.0));
    let unprotected = (kept2 - plain2) / (learned2 - plain2);
    println!("web keeps {:.1} % of its gain with protection, {:.1} % without", 100.0 * share, 100.0 * unprotected);
    assert!(share >= 0.95, "the first preference was lost: {share}");
    assert!(unprotected < share - 0.1, "without protection nothing is lost: {unprotected}, then the test shows nothing");
}
