//! All templates of a folder, looked at once before any is learned: what is like what.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use fluorite_memory::Result;
use rayon::prelude::*;

use super::folder;
use super::options::LearnOptions;
use crate::frameworks::{Baskets, Combination, combinations, of_template};
use crate::pattern::{Families, Member, Pattern, Sketch, extract, families, normal_tokens};
use crate::quality::is_generated;
use crate::spike::{SpikeTemplate, read_spike};

/// Files looked at between two reports.
const STEP: usize = 1_024;
/// Fewer learned members than these are no family to draw a pattern from.
const LEAST_MEMBERS: usize = 3;
/// Members of a family that are read again for its pattern.
const MOST_READ: usize = 64;

/// One readable file.
struct Seen {
    /// Of its bytes.
    hash: u128,
    /// Of the paths and texts of its files.
    files: u128,
    generated: bool,
    sketch: Option<Sketch>,
    uses: BTreeSet<String>,
}

/// By place in the list of files.
pub(super) struct Survey {
    seen: Vec<Option<Seen>>,
    families: Families,
    pub(super) duplicates: u64,
}

impl Survey {
    /// Hash of a file's bytes; `None` when it could not be read.
    pub(super) fn hash(&self, place: usize) -> Option<String> {
        self.seen.get(place)?.as_ref().map(|s| format!("{:032x}", s.hash))
    }

    /// Likeness to the most alike other template.
    pub(super) fn alike(&self, place: usize) -> f32 {
        self.families.alike.get(place).copied().unwrap_or(0.0)
    }

    pub(super) fn is_generated(&self, place: usize) -> bool {
        matches!(self.seen.get(place), Some(Some(s)) if s.generated)
    }
}

/// Looks at files.
#[derive(Clone, Copy)]
pub(super) struct Surveyor<'a> {
    pub(super) root: &'a Path,
    pub(super) files: &'a [String],
    pub(super) options: &'a LearnOptions,
}

impl Surveyor<'_> {
    /// Reads every file once, on all threads of the pool. About 300 bytes a file are kept.
    pub(super) fn survey(&self, pool: &rayon::ThreadPool, tell: &mut dyn FnMut(u64)) -> Result<Survey> {
        let mut seen: Vec<Option<Seen>> = Vec::with_capacity(self.files.len());
        for step in self.files.chunks(STEP) {
            self.options.cancel.check()?;
            tell(seen.len() as u64);
            seen.extend(pool.install(|| step.par_iter().map(|f| self.look(f)).collect::<Vec<_>>()));
        }
        self.options.cancel.check()?;
        let sketches: Vec<Option<Sketch>> = seen.iter().map(|s| s.as_ref()?.sketch.clone()).collect();
        let mut known = HashSet::new();
        let duplicates = seen.iter().flatten().filter(|s| !s.generated && !known.insert(s.files)).count() as u64;
        Ok(Survey { families: families(&sketches), seen, duplicates })
    }

    fn look(&self, file: &str) -> Option<Seen> {
        let bytes = folder::read(self.root, file).ok()?;
        let template = read_spike(&bytes).ok()?.template;
        let generated = is_generated(&template);
        // what is left out is like nothing and uses nothing
        let counts = !generated || self.options.include_generated == Some(true);
        let whole: String = template.files.iter().flat_map(|f| [f.path.as_str(), "\0", f.template.as_str(), "\0"]).collect();
        Some(Seen {
            hash: xxhash_rust::xxh3::xxh3_128(&bytes),
            files: xxhash_rust::xxh3::xxh3_128(whole.as_bytes()),
            generated,
            sketch: if counts { Sketch::of(&normal_tokens(&template)) } else { None },
            uses: if counts { of_template(&template) } else { BTreeSet::new() },
        })
    }

    /// Patterns and combinations of what was learned; `learned` is by place.
    pub(super) fn draw(
        &self,
        pool: &rayon::ThreadPool,
        survey: &Survey,
        learned: &[Option<(String, f32)>],
    ) -> Result<(Vec<Pattern>, Vec<Combination>)> {
        let mut baskets = Baskets::default();
        for (seen, learned) in survey.seen.iter().zip(learned) {
            if let (Some(seen), Some((id, _))) = (seen, learned) {
                baskets.add(id, &seen.uses);
            }
        }
        let families: Vec<Vec<usize>> = (survey.families.families.iter())
            .map(|f| f.iter().copied().filter(|i| matches!(learned.get(*i), Some(Some(_)))).collect::<Vec<_>>())
            .filter(|f| f.len() >= LEAST_MEMBERS)
            .collect();
        self.options.cancel.check()?;
        let draw = |family: &Vec<usize>| {
            let members: Vec<Member> = family.iter().take(MOST_READ).filter_map(|i| self.member(*i, survey, learned)).collect();
            extract(&members)
        };
        let mut patterns: Vec<Pattern> = pool.install(|| families.par_iter().filter_map(draw).collect());
        self.options.cancel.check()?;
        patterns.sort_by(|a, b| a.id.cmp(&b.id));
        patterns.dedup_by(|a, b| a.id == b.id);
        Ok((patterns, combinations(&baskets)))
    }

    fn member(&self, place: usize, survey: &Survey, learned: &[Option<(String, f32)>]) -> Option<Member> {
        let bytes = folder::read(self.root, self.files.get(place)?).ok()?;
        let template: SpikeTemplate = read_spike(&bytes).ok()?.template;
        let (id, quality) = learned.get(place)?.clone()?;
        Some(Member { id, template, quality, uses: survey.seen.get(place)?.as_ref()?.uses.clone() })
    }
}
