//! Clusters and a map of a store: labels, representatives, sizes, outliers, filters, samples.
#![allow(clippy::unwrap_used)] // a test

use std::collections::{BTreeMap, BTreeSet};

use fluorite_insight::{Algorithm, ClusterOptions, ClusterReport, MapOptions, cluster, memory_map};
use fluorite_memory::{CancelToken, ChunkInput, Durability, Engine, EngineConfig, OneOrMany, SearchFilter, WriteOptions};

const TOPICS: [(&str, [f32; 6]); 3] = [
    ("gardening", [1.0, 0.1, 0.0, 0.0, 0.0, 0.0]),
    ("astronomy", [0.0, 0.0, 1.0, 0.1, 0.0, 0.0]),
    ("cooking", [0.0, 0.0, 0.0, 0.0, 1.0, 0.1]),
];

fn open(dir: &tempfile::TempDir) -> Engine {
    let config = EngineConfig { enable_ml: false, num_threads: Some(2), ..EngineConfig::new(dir.path()) };
    Engine::open(config).unwrap()
}

fn input(id: &str, text: &str, vector: Vec<f32>) -> ChunkInput {
    ChunkInput { embedding: Some(vector), ..ChunkInput::text(text).with_id(id) }
}

/// 40 chunks about gardening, 30 about astronomy, 20 about cooking.
fn topics(engine: &Engine) {
    store(engine, topic_chunks());
}

fn store(engine: &Engine, chunks: Vec<ChunkInput>) {
    let o = WriteOptions { durability: Some(Durability::Buffered), ..WriteOptions::default() };
    engine.store(chunks, o).wait().unwrap();
}

fn topic_chunks() -> Vec<ChunkInput> {
    let mut state = 7u64;
    let mut noise = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((state >> 40) as f32 / (1 << 24) as f32 - 0.5) * 0.3
    };
    let mut chunks = Vec::new();
    for ((topic, centre), n) in TOPICS.iter().zip([40, 30, 20]) {
        for i in 0..n {
            let vector = centre.iter().map(|x| x + noise()).collect();
            chunks.push(input(&format!("{topic}-{i}"), &format!("shared words about {topic} {topic}Tools {i}"), vector));
        }
    }
    chunks
}

fn topic(id: &str) -> &str {
    id.split('-').next().unwrap()
}

#[test]
fn topics_become_clusters_with_names() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    topics(&engine);
    for algorithm in [Algorithm::Kmeans, Algorithm::Density] {
        let o = ClusterOptions { algorithm: Some(algorithm), members: Some(true), ..ClusterOptions::default() };
        let r = cluster(&engine, &o).unwrap();
        assert_eq!((r.chunks, r.points, r.algorithm), (90, 90, algorithm));
        assert_eq!(r.clusters.len(), 3, "{algorithm:?} chose {r:#?}");
        assert_eq!(
            r.clusters.iter().map(|c| c.size).sum::<usize>() + if algorithm == Algorithm::Density { r.outliers.count } else { 0 },
            90
        );
        for (c, ((topic_name, _), n)) in r.clusters.iter().zip(TOPICS.iter().zip([40, 30, 20])) {
            assert!(c.label.contains(topic_name) && !c.label.contains("shared"), "{}", c.label);
            let members = c.members.as_ref().unwrap();
            assert!(members.iter().all(|(_, id)| topic(id) == *topic_name), "{c:?}");
            assert_eq!(members.len(), c.size);
            assert!(algorithm == Algorithm::Density || c.size == n);
            assert!((0.9..=1.0).contains(&c.cohesion) && (c.share - c.size as f32 / 90.0).abs() < 1e-6);
            assert_eq!(c.representatives.len(), 3);
            assert!(
                c.representatives.is_sorted_by(|a, b| a.similarity >= b.similarity) && c.representatives[0].similarity > 0.95
            );
        }
        assert!(r.silhouette.unwrap() > 0.7, "{:?}", r.silhouette);
        assert!(r.objective > 0.9);
    }
}

#[test]
fn the_representative_is_the_nearest_to_the_centre() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    // the mean direction of these five is that of "middle"
    let all = [("a", [1.0, 0.3]), ("b", [1.0, -0.3]), ("middle", [1.0, 0.0]), ("c", [1.0, 0.1]), ("d", [1.0, -0.1])];
    let chunks = all.iter().map(|(id, v)| input(id, "x", v.to_vec())).collect();
    engine.store(chunks, WriteOptions::default()).wait().unwrap();
    let r = cluster(&engine, &ClusterOptions { k: Some(1), representatives: Some(1), ..ClusterOptions::default() }).unwrap();
    assert_eq!(r.clusters[0].representatives[0].id, "middle");
    let cosines = all.iter().map(|(_, v)| 1.0 / f64::from(v[0] * v[0] + v[1] * v[1]).sqrt());
    assert!((f64::from(r.clusters[0].cohesion) - cosines.sum::<f64>() / 5.0).abs() < 1e-6);
    assert_eq!((r.silhouette, r.outliers.count), (None, 0));
}

#[test]
fn what_is_like_nothing_is_an_outlier() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    topics(&engine);
    engine.store(vec![input("odd", "odd", vec![-1.0; 6])], WriteOptions::default()).wait().unwrap();
    for (algorithm, k) in [(Algorithm::Kmeans, Some(3)), (Algorithm::Density, None)] {
        let r = cluster(&engine, &ClusterOptions { algorithm: Some(algorithm), k, ..ClusterOptions::default() }).unwrap();
        assert_eq!(r.outliers.examples.first().map(|o| o.id.as_str()), Some("odd"), "{algorithm:?} {:?}", r.outliers);
    }
}

#[test]
fn filters_seeds_and_samples() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    topics(&engine);
    let mut other = input("x", "x", vec![0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    other.namespace = Some("other".into());
    engine.store(vec![other, ChunkInput::text("no vector").with_id("words")], WriteOptions::default()).wait().unwrap();
    engine.delete("default", "gardening-0").wait().unwrap();
    let ns = |n: &str| Some(SearchFilter { namespace: Some(OneOrMany::One(n.into())), ..SearchFilter::default() });
    let run = |o: ClusterOptions| -> ClusterReport { ClusterReport { duration_ms: 0, ..cluster(&engine, &o).unwrap() } };
    let r = run(ClusterOptions { filter: ns("default"), ..ClusterOptions::default() });
    assert_eq!((r.chunks, r.points), (89, 89), "a deleted chunk and one without a vector are not clustered");
    assert_eq!(r.without_vector, 1, "and the one without a vector is told");
    let one = run(ClusterOptions { filter: ns("other"), ..ClusterOptions::default() });
    assert_eq!((one.points, one.clusters.len(), one.clusters[0].representatives[0].id.as_str()), (1, 1, "x"));
    assert_eq!(one.without_vector, 0);
    let none = run(ClusterOptions { filter: ns("none"), ..ClusterOptions::default() });
    assert_eq!((none.points, none.clusters.len(), none.silhouette), (0, 0, None));

    let sampled = |seed, threads| {
        run(ClusterOptions {
            filter: ns("default"),
            max_points: Some(30),
            seed: Some(seed),
            members: Some(true),
            num_threads: Some(threads),
            ..ClusterOptions::default()
        })
    };
    let s = sampled(1, 1);
    assert_eq!((s.chunks, s.points), (89, 30));
    assert_eq!(s, sampled(1, 1), "twice the same");
    assert_eq!(s, sampled(1, 4), "on four threads");
    let members = |r: &ClusterReport| r.clusters.iter().flat_map(|c| c.members.clone().unwrap()).collect::<BTreeSet<_>>();
    assert_ne!(members(&s), members(&sampled(2, 1)), "another seed, another sample");
    engine.shutdown().wait().unwrap();
    let engine = open(&dir);
    let o = ClusterOptions {
        filter: ns("default"),
        max_points: Some(30),
        seed: Some(1),
        members: Some(true),
        ..ClusterOptions::default()
    };
    assert_eq!(ClusterReport { duration_ms: 0, ..cluster(&engine, &o).unwrap() }, s, "after a reopen");
}

#[test]
fn the_map_has_every_chunk_once_and_topics_apart() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    topics(&engine);
    let map = memory_map(&engine, &MapOptions::default()).unwrap();
    assert_eq!(map.iter().map(|p| &p.id).collect::<BTreeSet<_>>().len(), 90);
    assert!(map.is_sorted_by(|a, b| a.id <= b.id));
    let mut clusters: BTreeMap<&str, BTreeSet<Option<usize>>> = BTreeMap::new();
    let mut wrong = 0;
    for p in &map {
        clusters.entry(topic(&p.id)).or_default().insert(p.cluster);
        assert!(p.label.as_ref().unwrap().contains(topic(&p.id)));
        let others = map.iter().filter(|q| q.id != p.id);
        let nearest = others.min_by(|a, b| {
            let d = |q: &fluorite_insight::MapPoint| (q.x - p.x).powi(2) + (q.y - p.y).powi(2);
            d(a).total_cmp(&d(b))
        });
        wrong += usize::from(topic(&nearest.unwrap().id) != topic(&p.id));
    }
    assert!(clusters.values().all(|c| c.len() == 1), "{clusters:?}");
    assert_eq!(wrong, 0, "points whose neighbour is of another topic");
    assert_eq!(map, memory_map(&engine, &MapOptions { num_threads: Some(1), ..MapOptions::default() }).unwrap());
    assert_ne!(map, memory_map(&engine, &MapOptions { seed: Some(9), ..MapOptions::default() }).unwrap());
}

#[test]
fn equal_chunks_give_equal_clusters_and_maps_in_every_store() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, other) = (open(&dirs[0]), open(&dirs[1]));
    topics(&one);
    let mut chunks = topic_chunks();
    chunks.reverse();
    chunks.into_iter().for_each(|chunk| store(&other, vec![chunk]));
    for max_points in [None, Some(40)] {
        let map = |engine: &Engine| memory_map(engine, &MapOptions { max_points, ..MapOptions::default() }).unwrap();
        assert_eq!(map(&one), map(&other), "{max_points:?}");
        let o = ClusterOptions { max_points, members: Some(true), ..ClusterOptions::default() };
        let report = |engine: &Engine| ClusterReport { duration_ms: 0, ..cluster(engine, &o).unwrap() };
        assert_eq!(report(&one), report(&other), "{max_points:?}");
    }
}

#[test]
fn refusals_and_cancelling() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(&dir);
    topics(&engine);
    let refused = [
        ClusterOptions { k: Some(0), ..ClusterOptions::default() },
        ClusterOptions { k: Some(513), ..ClusterOptions::default() },
        ClusterOptions { k: Some(2), algorithm: Some(Algorithm::Density), ..ClusterOptions::default() },
        ClusterOptions { min_cluster_size: Some(5), ..ClusterOptions::default() },
        ClusterOptions { min_cluster_size: Some(1), algorithm: Some(Algorithm::Density), ..ClusterOptions::default() },
        ClusterOptions { max_points: Some(200_001), ..ClusterOptions::default() },
        ClusterOptions { representatives: Some(101), ..ClusterOptions::default() },
    ];
    for o in refused {
        assert_eq!(cluster(&engine, &o).unwrap_err().code(), "INVALID_ARGUMENT");
    }
    assert_eq!(
        memory_map(&engine, &MapOptions { neighbours: Some(1), ..MapOptions::default() }).unwrap_err().code(),
        "INVALID_ARGUMENT"
    );
    let cancel = CancelToken::default();
    cancel.cancel();
    let o = ClusterOptions { cancel: cancel.clone(), ..ClusterOptions::default() };
    assert_eq!(cluster(&engine, &o).unwrap_err().code(), "ABORTED");
    assert_eq!(memory_map(&engine, &MapOptions { cancel, ..MapOptions::default() }).unwrap_err().code(), "ABORTED");
    // more clusters than chunks is as many as there are
    let r = cluster(&engine, &ClusterOptions { k: Some(512), ..ClusterOptions::default() }).unwrap();
    assert!(r.clusters.len() <= 90 && r.clusters.iter().all(|c| c.size > 0));
}

#[test]
fn a_chunk_that_cannot_be_read_is_left_out_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let config = EngineConfig {
            enable_ml: false,
            num_threads: Some(2),
            enable_compression: false,
            segment_bytes: 4 << 10,
            ..EngineConfig::new(dir.path())
        };
        Engine::open(config).unwrap()
    };
    let engine = open();
    topic_chunks().into_iter().for_each(|c| store(&engine, vec![c]));
    engine.shutdown().wait().unwrap();
    let text = b"cookingTools 3";
    let mut hit = 0;
    for file in std::fs::read_dir(dir.path().join("log")).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let Some(at) = bytes.windows(text.len()).position(|w| w == text) else { continue };
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        hit += 1;
    }
    assert_eq!(hit, 1, "one sealed record is damaged");
    let engine = open();
    let report = cluster(&engine, &ClusterOptions { k: Some(3), ..ClusterOptions::default() }).unwrap();
    assert_eq!((report.damaged, report.points, report.clusters.len()), (1, 89, 3), "{report:?}");
    assert_eq!(report.clusters.iter().map(|c| c.size).collect::<Vec<_>>(), [40, 30, 19]);
    assert_eq!(memory_map(&engine, &MapOptions::default()).unwrap_err().code(), "CORRUPT", "a map has no place to say so");
}
