//! Graphs against a scan of the same codes; the file against every way to damage it.

#![allow(clippy::print_stderr, clippy::print_stdout)] // figures

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::tests::{Random, clustered};
use super::calibrate::{Step, compared_at, width_for};
use super::codes::{Code, Codes};
use super::file::{Header, PAGE};
use super::freeze::{Frozen, freeze};
use super::make::{Made, Source, make};
use super::walk::{END, GraphRef};
use super::{Graph, table, twins};
use crate::cancel::CancelToken;
use crate::error::Error;
use crate::vfs::{RealVfs, SimVfs, Vfs};

const STORE: u128 = 0x1234_5678_9abc_def0_0fed_cba9_8765_4321;
const MODEL: u64 = 42;

/// Runs on a pool of one thread: the same every time.
fn serially<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(run)
}

fn codes_of(vectors: &[Vec<f32>]) -> Codes {
    let mut codes = Codes::new(vectors.first().map_or(0, Vec::len));
    for v in vectors {
        let code = Code::of(v);
        codes.push(&code.values, code.scale);
    }
    codes
}

pub(in crate::index::vector) fn made(sources: Vec<Source>) -> Made {
    serially(|| make(sources, &CancelToken::default(), &|_| {})).unwrap()
}

/// Written, opened and verified. The sequence number of each node is 10 more than three times its origin.
pub(in crate::index::vector) fn opened(made: &Made, number: u32, dims: usize) -> Graph {
    let disk = SimVfs::new(1);
    let dir = Path::new("/index");
    disk.create_dir_all(dir).unwrap();
    let sequences: Vec<u64> = made.frozen.origin.iter().map(|o| 10 + 3 * u64::from(*o)).collect();
    let path = dir.join(Graph::file_name(number));
    let length = made.write(&disk, &path, STORE, MODEL, dims, &sequences, &CancelToken::default()).unwrap();
    let graph = Graph::open(&disk, dir, number, STORE, MODEL).unwrap();
    graph.verify(&CancelToken::default()).unwrap();
    assert!(graph.is_verified() && graph.file_bytes() == length);
    graph
}

/// All nodes by cosine of codes, the nearest first.
fn scanned(graph: &GraphRef<'_>, query: &Code) -> Vec<(u32, f32)> {
    let mut products = vec![0; graph.len()];
    graph.codes.scan(&query.values, &mut products);
    let mut all: Vec<(u32, f32)> =
        products.iter().enumerate().map(|(n, p)| (n as u32, *p as f32 * graph.codes.scales[n] * query.scale)).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// Hits as near as the tenth of a scan, of ten, over queries beside the graph's own vectors.
fn recall(graph: &Graph, random: &mut Random, target: f32) -> f32 {
    let view = graph.view();
    let (mut hits, mut all) = (0, 0);
    for q in 0..200 {
        let base = view.codes.code((q * view.len() / 200) as u32);
        let mut unit: Vec<f32> = base.values[..graph.dims()].iter().map(|v| f32::from(*v) * base.scale).collect();
        unit.iter_mut().for_each(|v| *v += 0.05 * random.normal());
        assert!(fluorite_ml::vector::normalize(&mut unit));
        let query = Code::of(&unit);
        let truth = scanned(&view, &query);
        let k = 10.min(truth.len());
        let floor = truth[k - 1].1;
        let found = graph.walk(&query, graph.width_for(k, target)).found;
        assert!(found.windows(2).all(|w| w[0].1 >= w[1].1), "best first");
        for (node, cosine) in &found {
            assert_eq!(truth.iter().find(|t| t.0 == *node).unwrap().1, *cosine);
        }
        hits += found.iter().take(k).filter(|f| f.1 >= floor).count();
        all += k;
    }
    hits as f32 / all as f32
}

/// Which nodes a walk without end can meet from the entries.
fn reached(graph: &GraphRef<'_>) -> Vec<bool> {
    let mut met = vec![false; graph.len()];
    let mut queue: Vec<u32> = (0..graph.entries as u32).collect();
    while let Some(node) = queue.pop() {
        if !std::mem::replace(&mut met[node as usize], true) {
            queue.extend(graph.links_of(node));
        }
    }
    met
}

/// What every graph promises, whatever it was made of.
fn check_whole(frozen: &Frozen) {
    let view = frozen.view();
    let nodes = view.len();
    assert_eq!(frozen.origin.iter().collect::<HashSet<_>>().len(), frozen.codes.scales.len());
    assert!(twins::fit(&frozen.crowds, frozen.origin.len() as u32, nodes as u32));
    assert_eq!(frozen.links.len(), nodes * frozen.width);
    assert!(frozen.entries <= nodes && (frozen.entries > 0 || nodes == 0));
    for node in 0..nodes {
        let row = &frozen.links[node * frozen.width..][..frozen.width];
        let used = row.iter().position(|l| *l == END).unwrap_or(row.len());
        assert!(row[used..].iter().all(|l| *l == END), "node {node}: a gap in {row:?}");
        assert!(row[..used].iter().all(|l| (*l as usize) < nodes && *l as usize != node), "node {node}: {row:?}");
        assert_eq!(row[..used].iter().collect::<HashSet<_>>().len(), used, "node {node} twice: {row:?}");
    }
    let lost = reached(&view).iter().filter(|met| !**met).count();
    assert_eq!(lost, 0, "of {nodes} nodes no walk can meet");
}

/// The codes of a result are those of the inputs, at the places `origin` says.
fn check_origin(frozen: &Frozen, inputs: &[Code]) {
    assert_eq!(frozen.origin.len(), inputs.len());
    for (node, origin) in frozen.origin.iter().enumerate() {
        let (found, wanted) = (frozen.codes.view().code(node as u32), &inputs[*origin as usize]);
        let walked = twins::walked_for(&frozen.crowds, node as u32);
        assert!((walked as usize) < frozen.walked() && frozen.codes.view().row(walked) == found.values);
        assert!(found.values == wanted.values && found.scale == wanted.scale, "node {node} is not row {origin}");
    }
}

fn all_codes(codes: &Codes) -> Vec<Code> {
    (0..codes.scales.len() as u32).map(|n| codes.view().code(n)).collect()
}

/// Islands of 1, 20 or 300 vectors nearer to each other than to anything else, some of them all the same vector.
fn islands(random: &mut Random, dims: usize) -> Vec<Vec<f32>> {
    let mut out = Vec::new();
    for (i, size) in [300, 20, 1, 300, 20, 1, 1, 300, 20, 150, 150].into_iter().enumerate() {
        let centre = random.vector(dims);
        for _ in 0..size {
            let spread = if i % 3 == 0 { 0.0 } else { 0.01 };
            let mut v: Vec<f32> = centre.iter().map(|c| c + spread * random.normal()).collect();
            assert!(fluorite_ml::vector::normalize(&mut v));
            out.push(v);
        }
    }
    out
}

#[test]
fn a_graph_is_whole_and_finds_what_a_scan_finds() {
    let mut random = Random(1);
    for (count, dims) in [(1, 16), (2, 16), (3, 70), (40, 16), (300, 24), (3_000, 32)] {
        let codes = codes_of(&clustered(&mut random, count, dims));
        let inputs = all_codes(&codes);
        let made = made(vec![Source::Codes(codes)]);
        check_whole(&made.frozen);
        check_origin(&made.frozen, &inputs);
        let graph = opened(&made, 1, dims);
        for target in [0.9, 0.98, 0.995] {
            let found = recall(&graph, &mut random, target);
            eprintln!("{count} x {dims}: recall@10 {found} at target {target}, width {}", graph.width_for(10, target));
            assert!(found >= target - 0.01, "{count} x {dims}: {found} of {target}");
        }
    }
}

/// Planted bug known to be caught: `freeze` without `reach`.
#[test]
fn every_node_of_scattered_islands_is_reached() {
    for seed in 0..2 {
        let vectors = islands(&mut Random(seed), 16);
        let codes = codes_of(&vectors);
        let inputs = all_codes(&codes);
        let (left, right) = vectors.split_at(500);
        let one = made(vec![Source::Codes(codes)]);
        check_whole(&one.frozen);
        check_origin(&one.frozen, &inputs);
        let joined = made(vec![Source::Codes(codes_of(left)), Source::Codes(codes_of(right))]);
        check_whole(&joined.frozen);
        check_origin(&joined.frozen, &inputs);
    }
}

/// Candidates that link islands one way or not at all: what no link leads to is met all the same.
/// Planted bug known to be caught: `freeze` without `reach`.
#[test]
fn nodes_that_nothing_links_to_are_reached() {
    let mut random = Random(3);
    let codes = codes_of(&clustered(&mut random, 600, 16));
    // a hundred rings of six, and no way from one to the next
    let links: Vec<Vec<u32>> = (0..600).map(|n| vec![n / 6 * 6 + (n + 1) % 6]).collect();
    let frozen = serially(|| freeze(codes.clone(), links, &[599, 0, 7], 8, &CancelToken::default())).unwrap();
    check_whole(&frozen);
    check_origin(&frozen, &all_codes(&codes));
}

#[test]
fn graphs_with_dead_nodes_and_codes_join_to_one_that_is_as_good() {
    let mut random = Random(4);
    let dims = 24;
    let vectors = clustered(&mut random, 3_000, dims);
    let [a, b, c, d] = [&vectors[..900], &vectors[900..1_200], &vectors[1_200..2_400], &vectors[2_400..]];
    let graph_of = |part: &[Vec<f32>], number| Arc::new(opened(&made(vec![Source::Codes(codes_of(part))]), number, dims));
    let (large, small) = (graph_of(c, 7), graph_of(d, 8));
    let mut live = |graph: &Graph, per_100: u64| (0..graph.nodes()).map(|_| random.next() % 100 < per_100).collect::<Vec<bool>>();
    let (large_live, small_live) = (live(&large, 60), live(&small, 10));
    let mut inputs = all_codes(&codes_of(a));
    inputs.extend(all_codes(&codes_of(b)));
    for (graph, live) in [(&large, &large_live), (&small, &small_live)] {
        let nodes = (0..graph.nodes()).filter(|n| live[*n]);
        inputs.extend(nodes.map(|n| graph.view().codes.code(n as u32)));
    }
    let made = made(vec![
        Source::Codes(codes_of(a)),
        Source::Codes(codes_of(b)),
        Source::Graph(Arc::clone(&large), large_live),
        Source::Graph(Arc::clone(&small), small_live),
    ]);
    check_whole(&made.frozen);
    check_origin(&made.frozen, &inputs);
    let graph = opened(&made, 9, dims);
    for target in [0.9, 0.98] {
        let found = recall(&graph, &mut random, target);
        eprintln!("joined: recall@10 {found} at target {target}, width {}", graph.width_for(10, target));
        assert!(found >= target - 0.01, "{found} of {target}");
    }
}

#[test]
fn a_graph_joined_with_itself_loses_its_dead_nodes() {
    let mut random = Random(5);
    let vectors = clustered(&mut random, 700, 16);
    let graph = Arc::new(opened(&made(vec![Source::Codes(codes_of(&vectors))]), 1, 16));
    for keep_every in [1, 3, 50, 699] {
        let live: Vec<bool> = (0..graph.nodes()).map(|n| n % keep_every == 0).collect();
        let inputs: Vec<Code> = (0..graph.nodes()).filter(|n| live[*n]).map(|n| graph.view().codes.code(n as u32)).collect();
        let made = made(vec![Source::Graph(Arc::clone(&graph), live)]);
        check_whole(&made.frozen);
        check_origin(&made.frozen, &inputs);
    }
    let none = made(vec![Source::Graph(Arc::clone(&graph), vec![false; 700])]);
    assert_eq!(none.frozen.view().len(), 0);
    assert_eq!(made(Vec::new()).frozen.view().len(), 0);
}

#[test]
fn one_thread_makes_the_same_graph_every_time() {
    let run = || {
        let mut random = Random(6);
        let vectors = clustered(&mut random, 900, 16);
        let first = Arc::new(opened(&made(vec![Source::Codes(codes_of(&vectors[..300]))]), 1, 16));
        let live = (0..300).map(|n| n % 4 != 0).collect();
        let made = made(vec![Source::Codes(codes_of(&vectors[300..])), Source::Graph(first, live)]);
        (made.frozen.origin, made.frozen.links, made.frozen.codes.values, made.frozen.entries)
    };
    assert!(run() == run());
}

#[test]
fn a_cancelled_build_ends() {
    let cancel = CancelToken::default();
    cancel.cancel();
    let codes = codes_of(&clustered(&mut Random(7), 100, 16));
    let ended = serially(|| make(vec![Source::Codes(codes.clone())], &cancel, &|_| {}));
    assert!(matches!(ended, Err(Error::Aborted)));
    // in the middle: at the first tick
    let cancel = CancelToken::default();
    let ended = serially(|| make(vec![Source::Codes(codes)], &cancel, &|_| cancel.cancel()));
    assert!(matches!(ended, Err(Error::Aborted)));
}

#[test]
fn a_file_is_what_was_written_on_both_kinds_of_disk() {
    let vectors = clustered(&mut Random(8), 500, 40);
    let made = made(vec![Source::Codes(codes_of(&vectors))]);
    let sequences: Vec<u64> = made.frozen.origin.iter().map(|o| u64::from(*o) * 7 % 500 + (1 << 40)).collect();
    let real = tempfile::tempdir().unwrap();
    let (sim, none) = (SimVfs::new(1), CancelToken::default());
    sim.create_dir_all(Path::new("/index")).unwrap();
    for (vfs, dir) in [(&sim as &dyn Vfs, Path::new("/index")), (&RealVfs, real.path())] {
        made.write(vfs, &dir.join("000003.graph"), STORE, MODEL, 40, &sequences, &none).unwrap();
        let graph = Graph::open(vfs, dir, 3, STORE, MODEL).unwrap();
        assert!(!graph.is_verified());
        graph.verify(&none).unwrap();
        assert_eq!((graph.nodes(), graph.dims(), graph.number()), (500, 40, 3));
        assert_eq!(graph.last_sequence(), (1 << 40) + 499);
        let mut ids: Vec<(u64, u32)> = sequences.iter().copied().zip(0..).collect();
        ids.sort_unstable();
        assert_eq!(graph.ids().collect::<Vec<_>>(), ids);
        let (found, wanted) = (graph.view(), made.frozen.view());
        assert!(found.links == wanted.links && found.entries == wanted.entries && found.width == wanted.width);
        assert!(found.codes.values == wanted.codes.values && found.codes.scales == wanted.codes.scales);
        for (store, model) in [(STORE + 1, MODEL), (STORE, MODEL + 1)] {
            assert!(matches!(Graph::open(vfs, dir, 3, store, model), Err(Error::Corrupt { .. })));
        }
        assert!(matches!(Graph::open(vfs, dir, 4, STORE, MODEL), Err(Error::Io { .. })));
        assert!(matches!(graph.verify(&cancelled()), Err(Error::Aborted)));
    }
}

fn cancelled() -> CancelToken {
    let cancel = CancelToken::default();
    cancel.cancel();
    cancel
}

/// A small graph's file. Some of its nodes are twins.
fn small_file() -> (Vec<u8>, Made) {
    let mut vectors = clustered(&mut Random(9), 30, 16);
    (24..30).for_each(|i| vectors[i] = vectors[i / 2 % 5].clone());
    let made = made(vec![Source::Codes(codes_of(&vectors))]);
    assert_eq!((made.frozen.walked(), made.frozen.crowds.len()), (24, 3));
    let disk = SimVfs::new(1);
    disk.create_dir_all(Path::new("/i")).unwrap();
    let path = Path::new("/i").join(Graph::file_name(1));
    made.write(&disk, &path, STORE, MODEL, 16, &(1..=30).collect::<Vec<u64>>(), &CancelToken::default()).unwrap();
    (disk.read_file(&path).unwrap(), made)
}

fn open_bytes(bytes: &[u8]) -> crate::Result<Graph> {
    let disk = SimVfs::new(1);
    disk.create_dir_all(Path::new("/i")).unwrap();
    disk.write_file(Path::new("/i").join(Graph::file_name(1)), bytes).unwrap();
    Graph::open(&disk, Path::new("/i"), 1, STORE, MODEL)
}

#[test]
fn every_flipped_byte_is_refused_or_found_and_walks_go_on_before_that() {
    let (bytes, made) = small_file();
    let header = Header::decode(&bytes[..PAGE], bytes.len() as u64).unwrap();
    let counts = |at: u64| at < PAGE as u64 || header.sections.iter().any(|s| (s.offset..s.offset + s.length).contains(&at));
    let queries: Vec<Code> = (0..3).map(|n| made.frozen.view().codes.code(n * 7)).collect();
    let none = CancelToken::default();
    let (mut refused, mut verified, mut unused) = (0, 0, 0);
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= [0xff, 0x01, 0x80][at % 3];
        let graph = match open_bytes(&bad) {
            Err(Error::Corrupt { .. }) => {
                refused += 1;
                continue;
            }
            Err(e) => panic!("byte {at}: {e}"),
            Ok(graph) => graph,
        };
        for query in &queries {
            let found = graph.walk(query, 10).found;
            assert!(found.iter().all(|f| (f.0 as usize) < 24 && graph.twins(f.0).end <= 30), "byte {at}");
            graph.view().walk_admitting(query, 10, graph.node_of(query), 30, |n| n % 2 == 0);
        }
        let (ids, whole) = (graph.ids().count(), graph.verify(&none));
        match whole {
            Err(Error::Corrupt { offset, .. }) => {
                verified += 1;
                assert!(!graph.is_verified() && header.sections.iter().any(|s| s.offset == offset), "byte {at}");
            }
            Err(e) => panic!("byte {at}: {e}"),
            Ok(()) => {
                unused += 1; // between two sections
                assert!(!counts(at as u64), "byte {at} is not noticed");
            }
        }
        assert_eq!(ids, 30);
    }
    eprintln!("{} bytes: {refused} refused, {verified} found, {unused} unused", bytes.len());
    assert!(refused > PAGE && verified > 30 * 64);
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let (bytes, _) = small_file();
    for length in (0..bytes.len()).step_by(61).chain([PAGE - 1, PAGE, PAGE + 1]) {
        match open_bytes(&bytes[..length]) {
            Err(Error::Corrupt { .. }) => {}
            Err(e) => panic!("cut to {length}: {e}"),
            // only what nothing names is missing
            Ok(graph) => graph.verify(&CancelToken::default()).unwrap_or_else(|e| panic!("cut to {length}: {e}")),
        }
    }
}

#[test]
fn a_node_is_found_by_its_own_code() {
    let mut vectors = clustered(&mut Random(10), 400, 16);
    for i in 0..50 {
        vectors[300 + i] = vectors[i].clone();
    }
    let codes = codes_of(&vectors);
    let slots = table::fill(codes.view());
    assert_eq!(slots.len(), table::slots_for(400));
    for node in 0..400u32 {
        let first = if (300..350).contains(&node) { node - 300 } else { node };
        assert_eq!(table::find(&slots, codes.view(), &codes.view().code(node)), Some(first));
    }
    let strangers = codes_of(&clustered(&mut Random(11), 200, 16));
    for node in 0..200 {
        assert_eq!(table::find(&slots, codes.view(), &strangers.view().code(node)), None);
    }
    let none = Codes::new(16);
    assert_eq!(table::find(&table::fill(none.view()), none.view(), &codes.view().code(0)), None);
    assert_eq!(table::find(&[], none.view(), &codes.view().code(0)), None);
    // through a graph: the walk starts there
    let graph = opened(&made(vec![Source::Codes(codes)]), 1, 16);
    for node in 0..400 {
        let code = graph.codes().code(node);
        let first = graph.node_of(&code).unwrap();
        assert!(graph.view().codes.row(first) == &code.values[..]);
        assert_eq!(graph.walk(&code, 1).found[0].1, scanned(&graph.view(), &code)[0].1);
    }
}

/// Steps as calibration may measure them: recalls may fall from one to the next.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec((0u32..=100, 0u32..=100, 1u32..50), 0..15).prop_map(|all| {
        let (mut ef, mut compared) = (10, 20);
        let mut out = Vec::new();
        for (few, many, more) in all {
            out.push(Step { ef, compared, recall_10: few as f32 / 100.0, recall_100: many as f32 / 100.0 });
            ef += ef / 3 + 1;
            compared += more;
        }
        out
    })
}

proptest! {
    #[test]
    fn a_higher_recall_and_more_hits_never_walk_narrower(
        steps in steps(),
        a in 0.0f32..1.0, b in 0.0f32..1.0,
        k in 1usize..1_000, more in 0usize..200,
        ef in 1usize..5_000, wider in 0usize..100,
    ) {
        let (low, high) = (a.min(b), a.max(b));
        prop_assert!(width_for(&steps, k, low) >= k);
        prop_assert!(width_for(&steps, k, low) <= width_for(&steps, k, high));
        prop_assert!(width_for(&steps, k, low) <= width_for(&steps, k + more, low));
        prop_assert!(compared_at(&steps, ef) <= compared_at(&steps, ef + wider));
    }
}

/// The walks of a fixed graph, as one number: every set of instructions must give it. `FLUORITE_SIMD` names the set.
#[test]
fn walks_give_the_committed_checksum() {
    let mut random = Random(12);
    let codes = codes_of(&clustered(&mut random, 1_500, 70));
    // from exact neighbours, not from hnsw_rs: no logarithm and no generator of a library is part of the constant
    let exact = GraphRef { codes: codes.view(), width: 0, links: &[], entries: 0 };
    let near = |n: u32| scanned(&exact, &codes.view().code(n)).into_iter().map(|f| f.0).filter(|to| *to != n).take(40).collect();
    let links: Vec<Vec<u32>> = (0..1_500).map(near).collect();
    let high: Vec<u32> = (0..1_500).map(|n| n * 7 % 1_500).collect();
    let frozen = serially(|| freeze(codes.clone(), links, &high, 32, &CancelToken::default())).unwrap();
    check_whole(&frozen);
    let mut bytes: Vec<u8> = frozen.links.iter().flat_map(|l| l.to_le_bytes()).collect();
    for ef in [1, 10, 57, 300] {
        for _ in 0..50 {
            let mut unit = random.vector(70);
            assert!(fluorite_ml::vector::normalize(&mut unit));
            let query = Code::of(&unit);
            let plain = frozen.view().walk(&query, ef, None);
            let admitted = frozen.view().walk_admitting(&query, ef, None, 1_500, |n| n % 3 == 0);
            for (node, cosine) in plain.found.iter().chain(&admitted.found) {
                bytes.extend(node.to_le_bytes());
                bytes.extend(cosine.to_bits().to_le_bytes());
            }
            bytes.extend((plain.compared as u32).to_le_bytes());
            bytes.extend((admitted.compared as u32).to_le_bytes());
        }
    }
    println!("walked by {}", fluorite_ml::vector::simd_path());
    assert_eq!(crc32c::crc32c(&bytes), 2_107_369_648, "by {}", fluorite_ml::vector::simd_path());
}

/// The paths this machine does not prefer: the choice is made once a process, so each has one of its own.
#[test]
fn every_set_of_instructions_gives_the_committed_checksum() {
    for path in ["scalar", "avx2", "vnni", "neon", "dotprod"] {
        let test = "index::vector::graph::tests::walks_give_the_committed_checksum";
        let done = std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env("FLUORITE_SIMD", path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("1 passed"), "{path}: {said}");
        let walked = said.lines().find_map(|l| l.split("walked by ").nth(1)).unwrap();
        eprintln!("{path}: walked by {walked}");
        if path == "scalar" {
            assert_eq!(walked, "scalar");
        }
    }
}
