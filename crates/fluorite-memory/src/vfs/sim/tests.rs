#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeSet, HashSet};

use super::*;

const SEEDS: u64 = 500;

fn disk() -> SimVfs {
    let vfs = SimVfs::new(1);
    vfs.write_file("/d/keep", b"").unwrap();
    vfs
}

fn create(vfs: &SimVfs, path: &str, bytes: &[u8]) -> Box<dyn VfsFile> {
    let file = vfs.open(Path::new(path), OpenMode::Create).unwrap();
    file.write_at(bytes, 0).unwrap();
    file
}

fn sync_dir(vfs: &SimVfs) {
    vfs.sync_dir(Path::new("/d")).unwrap();
}

fn outcomes(vfs: &SimVfs, path: &str) -> BTreeSet<Option<Vec<u8>>> {
    (0..SEEDS).map(|seed| vfs.crash(seed).read_file(path)).collect()
}

#[test]
fn synced_data_survives_every_crash() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", &[7; 3000]);
    file.sync().unwrap();
    sync_dir(&vfs);
    file.write_at(&[8; 5000], 3000).unwrap();
    assert!(outcomes(&vfs, "/d/a").iter().all(|o| o.as_ref().unwrap()[..3000] == [7; 3000]));
    file.sync().unwrap();
    assert_eq!(outcomes(&vfs, "/d/a").len(), 1);
    assert_eq!(vfs.crash(0).read_file("/d/a"), vfs.read_file("/d/a"));
}

#[test]
fn unsynced_appends_show_every_length_and_torn_sectors() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", &[1; 600]);
    file.sync().unwrap();
    sync_dir(&vfs);
    file.write_at(&[2; 100], 600).unwrap();
    file.write_at(&[3; 2000], 700).unwrap();
    let seen: Vec<Vec<u8>> = outcomes(&vfs, "/d/a").into_iter().map(Option::unwrap).collect();
    let lengths: HashSet<usize> = seen.iter().map(Vec::len).collect();
    assert_eq!(lengths, HashSet::from([600, 700, 1024, 1536, 2048, 2560, 2700]));
    assert!(seen.iter().all(|o| o[..600] == [1; 600]));
    let full = |o: &&Vec<u8>| o.len() == 2700;
    assert!(seen.iter().filter(full).any(|o| o[600..].iter().all(|b| *b == 0)), "length without data");
    assert!(seen.iter().filter(full).any(|o| o[1100] == 0 && o[2600] == 3), "later sector without the earlier");
    assert!(seen.iter().filter(full).any(|o| o[650] == 2 && o[800] == 0), "an intermediate content of a sector");
}

#[test]
fn overwritten_sectors_are_old_or_new_each() {
    let vfs = disk();
    vfs.write_file("/d/a", &[1; 2048]).unwrap();
    let file = vfs.open(Path::new("/d/a"), OpenMode::Write).unwrap();
    file.write_at(&[2; 2048], 0).unwrap();
    let seen = outcomes(&vfs, "/d/a");
    assert_eq!(seen.len(), 16);
    assert!(seen.iter().flatten().all(|o| o.len() == 2048 && o.chunks(512).all(|s| s == [1; 512] || s == [2; 512])));
}

#[test]
fn truncation_is_seen_whole_or_not_at_all() {
    let vfs = disk();
    vfs.write_file("/d/a", &[1; 2000]).unwrap();
    let file = vfs.open(Path::new("/d/a"), OpenMode::Write).unwrap();
    file.set_len(100).unwrap();
    file.set_len(1500).unwrap();
    let cut = [vec![1; 100], vec![0; 1400]].concat();
    assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([Some(vec![1; 2000]), Some(vec![1; 100]), Some(cut.clone())]));
    file.sync().unwrap();
    assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([Some(cut)]));
}

#[test]
fn sync_makes_durable_what_is_live_after_any_history() {
    for seed in 0..SEEDS {
        let mut rng = rng::Rng::new(seed);
        let vfs = disk();
        let file = create(&vfs, "/d/a", b"");
        sync_dir(&vfs);
        for step in 0..40 {
            match rng.up_to(5) {
                0 => file.set_len(rng.up_to(3000) as u64).unwrap(),
                1 => file.sync().unwrap(),
                _ => file.write_at(&vec![step + 1; rng.up_to(1500)], rng.up_to(2000) as u64).unwrap(),
            }
        }
        file.sync().unwrap();
        assert_eq!(vfs.crash(seed).read_file("/d/a"), vfs.read_file("/d/a"), "seed {seed}");
    }
}

#[test]
fn file_sync_does_not_keep_the_name() {
    let vfs = disk();
    create(&vfs, "/d/a", b"x").sync().unwrap();
    assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([None, Some(b"x".to_vec())]));
}

#[test]
fn rename_may_be_undone_until_the_directory_is_synced() {
    let vfs = disk();
    vfs.write_file("/d/a", b"old").unwrap();
    create(&vfs, "/d/t", b"new").sync().unwrap();
    sync_dir(&vfs);
    vfs.rename(Path::new("/d/t"), Path::new("/d/a")).unwrap();
    assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([Some(b"old".to_vec()), Some(b"new".to_vec())]));
    assert!((0..SEEDS).map(|s| vfs.crash(s)).all(|d| d.read_file("/d/t").is_some() == (d.read_file("/d/a").unwrap() == b"old")));
    sync_dir(&vfs);
    assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([Some(b"new".to_vec())]));
    assert_eq!(outcomes(&vfs, "/d/t"), BTreeSet::from([None]));
}

#[test]
fn directory_operations_survive_as_a_prefix() {
    let vfs = disk();
    for name in ["/d/1", "/d/2", "/d/3"] {
        create(&vfs, name, b"").sync().unwrap();
    }
    vfs.remove(Path::new("/d/1")).unwrap();
    let state = |seed| {
        let d = vfs.crash(seed);
        ["/d/1", "/d/2", "/d/3"].map(|p| u8::from(d.read_file(p).is_some()))
    };
    let seen: BTreeSet<[u8; 3]> = (0..SEEDS).map(state).collect();
    assert_eq!(seen, BTreeSet::from([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]]));
}

#[test]
fn rename_between_directories_is_atomic_and_keeps_both_orders() {
    let vfs = disk();
    vfs.write_file("/e/keep", b"").unwrap();
    create(&vfs, "/d/a", b"").sync().unwrap();
    vfs.rename(Path::new("/d/a"), Path::new("/e/a")).unwrap();
    create(&vfs, "/d/z", b"").sync().unwrap();
    let state = |seed| {
        let d = vfs.crash(seed);
        ["/d/a", "/e/a", "/d/z"].map(|p| u8::from(d.read_file(p).is_some()))
    };
    let seen: BTreeSet<[u8; 3]> = (0..SEEDS).map(state).collect();
    assert_eq!(seen, BTreeSet::from([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 1]]));
    vfs.sync_dir(Path::new("/e")).unwrap();
    let seen: BTreeSet<[u8; 3]> = (0..SEEDS).map(state).collect();
    assert_eq!(seen, BTreeSet::from([[0, 1, 0], [0, 1, 1]]));
}

#[test]
fn new_directory_needs_a_sync_of_its_parent() {
    let vfs = disk();
    vfs.create_dir_all(Path::new("/d/new")).unwrap();
    create(&vfs, "/d/new/a", b"x").sync().unwrap();
    vfs.sync_dir(Path::new("/d/new")).unwrap();
    assert!(outcomes(&vfs, "/d/new/a").contains(&None));
    sync_dir(&vfs);
    assert_eq!(outcomes(&vfs, "/d/new/a"), BTreeSet::from([Some(b"x".to_vec())]));
}

#[test]
fn dropped_syncs_lose_data_within_few_seeds() {
    for kind in [SyncKind::File, SyncKind::Dir] {
        let vfs = disk();
        match kind {
            SyncKind::File => vfs.drop_syncs(|k, p| k == SyncKind::File && p.ends_with("a")),
            SyncKind::Dir => vfs.drop_syncs(|k, _| k == SyncKind::Dir),
        }
        create(&vfs, "/d/a", b"x").sync().unwrap();
        sync_dir(&vfs);
        let lost = (0..10).filter(|s| vfs.crash(*s).read_file("/d/a").as_deref() != Some(b"x")).count();
        assert!(lost > 0, "{kind:?}");
    }
}

#[test]
fn equal_seeds_give_equal_histories() {
    let run = |seed| {
        let vfs = SimVfs::new(seed);
        vfs.create_dir_all(Path::new("/d")).unwrap();
        let file = create(&vfs, "/d/a", &[1; 3000]);
        vfs.fail_at(vfs.ops() + 1, Fault::Eio);
        file.write_at(&[2; 9000], 1000).unwrap_err();
        sync_dir(&vfs);
        vfs.sync_dir(Path::new("/")).unwrap();
        (vfs.read_file("/d/a"), (0..20).map(|s| vfs.crash(s).read_file("/d/a")).collect::<Vec<_>>())
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}

#[test]
fn restart_keeps_everything_but_makes_nothing_durable() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", b"x");
    let held = vfs.lock(Path::new("/d/LOCK"), "1").unwrap().unwrap();
    let next = vfs.restart();
    assert_eq!(next.read_file("/d/a").unwrap(), b"x");
    assert!(next.lock(Path::new("/d/LOCK"), "2").unwrap().is_some());
    assert!(outcomes(&next, "/d/a").contains(&None));
    file.write_at(b"y", 0).unwrap();
    assert_eq!(next.read_file("/d/a").unwrap(), b"x");
    drop(held);
}

#[test]
fn capacity_is_kept_and_freed() {
    let vfs = disk();
    vfs.set_capacity(1000);
    let a = create(&vfs, "/d/a", &[1; 900]);
    let b = create(&vfs, "/d/b", b"");
    let full = b.write_at(&[2; 200], 0).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    assert!(b.len().unwrap() <= 100);
    b.set_len(0).unwrap();
    assert_eq!(b.set_len(101).unwrap_err().kind(), io::ErrorKind::StorageFull);
    a.write_at(&[3; 900], 0).unwrap();
    vfs.remove(Path::new("/d/a")).unwrap();
    b.write_at(&[2; 200], 0).unwrap_err();
    drop(a);
    b.write_at(&[2; 1000], 0).unwrap();
    assert_eq!(vfs.files(), [("/d/b".into(), 1000), ("/d/keep".into(), 0)]);
}

#[test]
fn planned_operation_fails_once_or_for_ever() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", b"x");
    assert_eq!(vfs.ops(), 2);
    vfs.fail_at(4, Fault::NoSpace);
    file.sync().unwrap();
    assert_eq!(file.set_len(5).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(file.len().unwrap(), 1);
    file.set_len(5).unwrap();
    vfs.fail_from(7, Fault::Eio);
    file.sync().unwrap();
    for _ in 0..3 {
        file.sync().unwrap_err();
    }
    vfs.clear_faults();
    file.sync().unwrap();
    vfs.count_reads(true);
    vfs.fail_at(vfs.ops() + 1, Fault::Eio);
    file.read_at(&mut [0], 0).unwrap_err();
    file.read_at(&mut [0], 0).unwrap();
}

#[test]
fn interrupted_and_short_calls_go_on_until_all_is_done() {
    for fault in [Fault::Interrupted, Fault::Short] {
        let vfs = disk();
        vfs.count_reads(true);
        let bytes: Vec<u8> = (0..3_000u32).map(|n| n as u8).collect();
        for n in 1..12 {
            vfs.fail_at(vfs.ops() + n, fault);
        }
        let file = create(&vfs, "/d/a", &bytes);
        file.sync().unwrap();
        sync_dir(&vfs);
        let mut read = vec![0; bytes.len()];
        file.read_at(&mut read, 0).unwrap();
        assert_eq!(read, bytes);
        assert_eq!(outcomes(&vfs, "/d/a"), BTreeSet::from([Some(bytes)]), "{fault:?}");
        assert_eq!(file.read_at(&mut read, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
    let vfs = disk();
    let file = create(&vfs, "/d/a", b"abc");
    vfs.fail_from(vfs.ops() + 1, Fault::Interrupted);
    assert_eq!(file.write_at(b"x", 0).unwrap_err().kind(), io::ErrorKind::Interrupted, "it ends");
    assert_eq!(file.sync().unwrap_err().kind(), io::ErrorKind::Interrupted);
    assert_eq!(vfs.read_file("/d/a").unwrap(), b"abc");
}

#[test]
fn a_trace_lists_every_call() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", b"before");
    vfs.trace();
    file.write_at(b"abc", 2).unwrap();
    file.read_at(&mut [0; 2], 1).unwrap();
    file.sync().unwrap();
    vfs.rename(Path::new("/d/a"), Path::new("/d/b")).unwrap();
    sync_dir(&vfs);
    let crc = crc32c::crc32c(b"abc");
    let expected = [
        format!("write /d/a 2+3 {crc:08x}"),
        "read /d/a 1+2".into(),
        "sync /d/a".into(),
        "rename /d/a /d/b".into(),
        "sync folder /d".into(),
    ];
    assert_eq!(vfs.take_trace(), expected);
    assert!(vfs.take_trace().is_empty());
}

#[test]
fn failed_sync_loses_pages_although_the_next_succeeds() {
    let lost = |seed| {
        let vfs = SimVfs::new(seed);
        vfs.write_file("/d/a", &[1; 512]).unwrap();
        let file = vfs.open(Path::new("/d/a"), OpenMode::Write).unwrap();
        file.write_at(&[2; 512], 0).unwrap();
        vfs.fail_at(2, Fault::Eio);
        file.sync().unwrap_err();
        file.sync().unwrap();
        vfs.crash(0).read_file("/d/a").unwrap() == [1; 512]
    };
    assert!((0..10).any(lost) && !(0..10).all(lost));
}

#[test]
fn power_loss_stops_everything_after_part_of_the_write() {
    let cut = |seed| {
        let vfs = SimVfs::new(seed);
        vfs.write_file("/d/a", b"").unwrap();
        vfs.fail_at(1, Fault::PowerLoss);
        let file = vfs.open(Path::new("/d/a"), OpenMode::Write).unwrap();
        file.write_at(&[1; 1000], 0).unwrap_err();
        file.len().unwrap_err();
        vfs.sync_dir(Path::new("/d")).unwrap_err();
        vfs.open(Path::new("/d/a"), OpenMode::Read).unwrap_err();
        let after = vfs.crash(seed);
        after.open(Path::new("/d/a"), OpenMode::Read).unwrap();
        vfs.read_file("/d/a").unwrap().len()
    };
    assert!((0..20).map(cut).collect::<HashSet<_>>().len() > 10);
}

#[test]
fn handles_outlive_rename_and_removal() {
    let vfs = disk();
    let file = create(&vfs, "/d/a", b"abc");
    vfs.rename(Path::new("/d/a"), Path::new("/d/b")).unwrap();
    file.write_at(b"X", 0).unwrap();
    assert_eq!(vfs.read_file("/d/b").unwrap(), b"Xbc");
    vfs.remove(Path::new("/d/b")).unwrap();
    sync_dir(&vfs);
    let mut buf = [0; 3];
    file.read_at(&mut buf, 0).unwrap();
    assert_eq!(&buf, b"Xbc");
    assert_eq!(file.read_at(&mut buf, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(vfs.list(Path::new("/d")).unwrap(), ["keep"]);
}

#[test]
fn lock_is_exclusive_until_dropped_and_maps_are_copies() {
    let vfs = disk();
    let path = Path::new("/d/LOCK");
    let held = vfs.lock(path, "12").unwrap().unwrap();
    assert!(vfs.clone().lock(path, "34").unwrap().is_none());
    assert_eq!(vfs.read_file(path).unwrap(), b"12");
    drop(held);
    assert!(vfs.lock(path, "34").unwrap().is_some());
    assert_eq!(&*vfs.map(path, 1).unwrap(), b"3");
    assert_eq!(vfs.map(path, 3).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn missing_files_and_read_only_handles_are_typed() {
    let vfs = disk();
    let kind = |path: &str, mode| vfs.open(Path::new(path), mode).unwrap_err().kind();
    assert_eq!(kind("/d/a", OpenMode::Read), io::ErrorKind::NotFound);
    assert_eq!(kind("/no/a", OpenMode::Create), io::ErrorKind::NotFound);
    assert_eq!(kind("/d", OpenMode::Read), io::ErrorKind::IsADirectory);
    let file = vfs.open(Path::new("/d/keep"), OpenMode::Read).unwrap();
    assert_eq!(file.write_at(b"x", 0).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
}

/// How many crashes, over every operation of an atomic replacement and `seeds` each, leave neither the old nor the new file.
fn mixtures(seeds: u64, bug: Option<fn(SyncKind, &Path) -> bool>) -> usize {
    let put = |vfs: &SimVfs, body: &[u8]| crate::vfs::replace(vfs, Path::new("/d"), "M", b"SIMTESTS", 1, body);
    let mut found = 0;
    for (op, seed) in (1..=6).flat_map(|op| (0..seeds).map(move |seed| (op, seed))) {
        let vfs = SimVfs::new(seed);
        vfs.write_file("/d/keep", b"").unwrap();
        put(&vfs, &[1; 2000]).unwrap();
        if let Some(bug) = bug {
            vfs.drop_syncs(bug);
        }
        vfs.fail_at(vfs.ops() + op, Fault::PowerLoss);
        let done = put(&vfs, &[2; 1500]).is_ok();
        let after = crate::vfs::read_checked(&vfs.crash(seed), Path::new("/d"), "M", b"SIMTESTS", 1);
        let good = match after {
            Ok(Some(body)) => body == [2; 1500] || (!done && body == [1; 2000]),
            _ => false,
        };
        found += usize::from(!good);
    }
    found
}

#[test]
fn atomic_replacement_passes_and_its_planted_bugs_do_not() {
    assert_eq!(mixtures(200, None), 0);
    assert!(mixtures(30, Some(|kind, _| kind == SyncKind::File)) > 0);
    assert!(mixtures(30, Some(|kind, _| kind == SyncKind::Dir)) > 0);
}
