//! Kinds of damage of which there are few: a missing file, junk behind the end, the last group after a shutdown, real files.

use fluorite_memory::vfs::SimVfs;
use fluorite_memory::{Engine, EngineConfig};

use super::look::{is_derived, is_feedback};
use super::store::{Store, make, make_rich, stores};
use crate::common::config;
use crate::common::dice::Dice;

/// Each file is missing once.
pub fn every_missing_file() {
    for store in stores(2) {
        for path in store.files.keys() {
            let what = || format!("{}: without {path:?}", store.name);
            let disk = SimVfs::new(1);
            for (p, bytes) in store.files.iter().filter(|(p, _)| *p != path) {
                disk.write_file(p, bytes).unwrap();
            }
            disk.set_capacity(store.bytes() + (60 << 10));
            let seen = store.look_at(&disk, path, true, &what);
            assert_eq!(seen.is_some(), is_derived(path) || is_feedback(path), "{}", what());
            if let Some(seen) = seen {
                assert_eq!((&seen.found, seen.verified), (store.now(), true), "{}", what());
            }
        }
    }
}

/// After a shutdown MANIFEST says where the log ended, also when the id table is lost.
pub fn after_a_shutdown_damage_to_the_end_is_corrupt() {
    for mut store in stores(2).into_iter().filter(Store::is_closed) {
        store.files.retain(|p, _| !p.ends_with("ids"));
        let (live, whole) = (store.live(), store.disk());
        let bytes = store.files[&live].clone();
        for at in 0..bytes.len() {
            let what = || format!("{}: byte {at} of {}", store.name, bytes.len());
            let mut bad = bytes.clone();
            bad[at] ^= 0x10;
            let disk = whole.restart();
            disk.write_file(&live, &bad).unwrap();
            assert_eq!(store.look_at(&disk, &live, false, &what), None, "{}", what());
            let disk = whole.restart();
            disk.write_file(&live, &bytes[..at]).unwrap();
            assert_eq!(store.look_at(&disk, &live, false, &what), None, "{}: cut there", what());
        }
    }
}

/// 1 to 64 bytes of junk behind each file.
pub fn junk_behind_the_end_of_every_file() {
    let mut dice = Dice::new(64);
    for store in stores(2) {
        let whole = store.disk();
        let live = store.live();
        for (path, bytes) in &store.files {
            for n in 1..=64 {
                let mut longer = bytes.clone();
                longer.extend((0..n).map(|_| dice.next() as u8));
                if n % 3 == 0 {
                    longer[bytes.len()..].iter_mut().zip(b"FGRP").for_each(|(b, m)| *b = *m);
                }
                if n % 5 == 0 {
                    longer[bytes.len()..].fill(0);
                }
                let what = || format!("{}: {path:?} with {n} bytes of junk", store.name);
                let disk = whole.restart();
                disk.write_file(path, &longer).unwrap();
                match store.look_at(&disk, path, n == 64, &what) {
                    None => assert!(path.ends_with("MANIFEST") || path.starts_with("/store/dict"), "{}", what()),
                    Some(seen) => {
                        assert_eq!(seen.found, *store.now(), "{}", what());
                        assert!(seen.verified, "{}", what());
                        if *path == live {
                            assert_eq!(seen.cut, n, "{}", what());
                        }
                    }
                }
            }
        }
    }
}

/// A handful of the same on files of this machine, read through maps.
pub fn damage_on_a_real_disk() {
    let mut dice = Dice::new(5);
    let root = tempfile::tempdir().unwrap();
    for store in [
        make("sealed, closed", true, false, true),
        make("optimized, killed", true, true, false),
        make_rich("rich, killed", false),
    ] {
        for round in 0..60 {
            let dir = root.path().join(format!("{}{round}", store.name.len()));
            for (path, bytes) in &store.files {
                let real = dir.join(path.strip_prefix("/store").unwrap());
                std::fs::create_dir_all(real.parent().unwrap()).unwrap();
                std::fs::write(real, bytes).unwrap();
            }
            let (path, bytes) = store.files.iter().nth(dice.below(store.files.len() as u64) as usize).unwrap();
            let at = dice.below(bytes.len() as u64) as usize;
            let mut bad = bytes.clone();
            let cut = dice.once_in(2);
            if cut {
                bad.truncate(at);
            } else {
                bad[at] ^= 1 << dice.below(8);
            }
            std::fs::write(dir.join(path.strip_prefix("/store").unwrap()), bad).unwrap();
            let what = || format!("{}: {path:?} on a real disk, byte {at}, cut {cut}", store.name);
            let engine = Engine::open(EngineConfig {
                segment_bytes: store.segment_bytes,
                graph_rows: store.rows,
                text_rows: store.rows,
                ..config(&dir)
            });
            match store.look(engine, false, &what) {
                Some(seen) if cut && *path == store.live() => assert!(store.states.contains(&seen.found), "{}", what()),
                Some(seen) => store.latest_or_tail_cut(&seen, *path == store.live(), &what),
                None => {}
            }
        }
    }
}
