//! Everything a look at the files of a store can find: raw, and taken apart.

use std::path::Path;

use fluorite_memory::index::TextSegment;
use fluorite_memory::log::{Codec, Manifest, RecordView, Segment, load_dictionary, scan_segment};
use fluorite_memory::vfs::SimVfs;

/// What was found where.
pub struct Seen {
    pub place: String,
    pub bytes: Vec<u8>,
}

/// Every file, every record (decompressed), every term of the text segments. The store may be open.
pub fn everything(disk: &SimVfs) -> Vec<Seen> {
    let root = Path::new("/store");
    let mut out = Vec::new();
    let mut see = |place: String, bytes: &[u8]| out.push(Seen { place, bytes: bytes.to_vec() });
    let manifest = Manifest::load(disk, root).unwrap().unwrap();
    let id = manifest.id().unwrap();
    let codec = Codec::default();
    for (path, length) in disk.files() {
        let (name, bytes) = (path.to_string_lossy().into_owned(), disk.read_file(&path).unwrap());
        see(name.clone(), &bytes);
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(number) = file.strip_suffix(".text") {
            let segment = TextSegment::open(disk, &root.join("index"), number.parse().unwrap(), id).unwrap().unwrap();
            see(format!("terms of {name}"), segment.terms().unwrap().join("\n").as_bytes());
        }
        let Some(number) = file.strip_suffix(".seg") else { continue };
        manifest.dictionaries.iter().for_each(|d| codec.add(*d, load_dictionary(disk, &root.join("dict"), *d).unwrap()));
        let segment = Segment::sealed(disk, &root.join("log"), number.parse().unwrap(), length, id).unwrap();
        scan_segment(&segment, &bytes, 0, |record| {
            if let RecordView::Chunk(c) = record.view {
                let raw = if c.compressed {
                    codec.decompress(c.payload, c.dictionary, c.raw_len as usize).unwrap()
                } else {
                    c.payload.to_vec()
                };
                see(format!("a payload in {name}"), &raw);
            }
            Ok(())
        })
        .unwrap();
    }
    out
}

/// Where these bytes are found.
pub fn places(disk: &SimVfs, wanted: &[u8]) -> Vec<String> {
    let found = everything(disk).into_iter().filter(|s| s.bytes.windows(wanted.len()).any(|w| w == wanted));
    found.map(|s| s.place).collect()
}
