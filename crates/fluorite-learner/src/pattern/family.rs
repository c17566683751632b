//! Families by locality-sensitive hashing.

use std::collections::HashMap;

use super::sketch::{Sketch, WIDTH};

/// Numbers of a band: two sketches that agree on a whole band are compared.
const BAND: usize = 4;
/// From this likeness on two templates are of one family.
const FAMILY: f32 = 0.7;
/// Leaders of one bucket that are compared.
const MOST_COMPARED: usize = 64;

/// Who belongs together.
#[derive(Debug, Default)]
pub(crate) struct Families {
    /// Members by their place, first the one the family began with; families of one are left out.
    pub(crate) families: Vec<Vec<usize>>,
    /// By place: the likeness to the most alike other, 0 for none.
    pub(crate) alike: Vec<f32>,
}

/// Groups sketches in their order: each joins the most alike family that began before it, or begins one. The same list gives the same
/// families. Cost: about linear.
pub(crate) fn families(sketches: &[Option<Sketch>]) -> Families {
    let mut buckets: HashMap<(usize, [u32; BAND]), Vec<usize>> = HashMap::new();
    let mut families: Vec<Vec<usize>> = Vec::new();
    let mut alike = vec![0f32; sketches.len()];
    for (i, sketch) in sketches.iter().enumerate() {
        let Some(sketch) = sketch else { continue };
        let bands = || sketch.0.chunks_exact(BAND).enumerate().filter_map(|(b, c)| Some((b, <[u32; BAND]>::try_from(c).ok()?)));
        let mut best: Option<(f32, usize)> = None;
        for band in bands() {
            for family in buckets.get(&band).into_iter().flatten().take(MOST_COMPARED) {
                let Some(leader) = families[*family].first().copied() else { continue };
                let Some(other) = &sketches[leader] else { continue };
                let likeness = sketch.likeness(other);
                alike[i] = alike[i].max(likeness);
                alike[leader] = alike[leader].max(likeness);
                let better = best.is_none_or(|(b, f)| likeness > b || (likeness == b && *family < f));
                if likeness >= FAMILY && better {
                    best = Some((likeness, *family));
                }
            }
        }
        match best {
            Some((_, family)) => families[family].push(i),
            None => {
                families.push(vec![i]);
                for band in bands() {
                    buckets.entry(band).or_default().push(families.len() - 1);
                }
            }
        }
    }
    const { assert!(WIDTH.is_multiple_of(BAND)) };
    families.retain(|f| f.len() > 1);
    Families { families, alike }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(seed: usize, changed: usize) -> Option<Sketch> {
        let words: Vec<String> =
            (0..200).map(|i| if i < changed { format!("own{seed}-{i}") } else { format!("{}w{i}", seed % 3) }).collect();
        Sketch::of(&words)
    }

    #[test]
    fn alike_ones_find_each_other() {
        let sketches: Vec<_> = (0..30).map(|i| sketch(i, 10)).chain([None, sketch(100, 200)]).collect();
        let found = families(&sketches);
        assert_eq!(found.families.len(), 3);
        for (f, family) in found.families.iter().enumerate() {
            assert_eq!(family, &(0..10).map(|i| f + 3 * i).collect::<Vec<_>>());
        }
        assert!(found.alike[..30].iter().all(|a| *a > 0.7) && found.alike[31] < 0.1);
    }
}
