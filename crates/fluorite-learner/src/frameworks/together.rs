//! Sets of frameworks that occur together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

/// Largest set.
const MOST_TOGETHER: usize = 4;
/// A set must occur in so many places.
const LEAST_SUPPORT: usize = 3;
/// Sets reported of each size.
const MOST_SETS: usize = 200;
/// Places named as evidence.
const MOST_EVIDENCE: usize = 5;

/// Frameworks that were found together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combination {
    /// Two to four canonical names, sorted.
    pub frameworks: Vec<String>,
    /// Chunks that use all of them.
    pub support: u64,
    /// Their share of all chunks that use any framework.
    pub share: f64,
    /// The largest share of those that use all but one that also use the last.
    pub confidence: f64,
    /// How many times more often than if each were used by chance: above 1 they attract each other.
    pub lift: f64,
    /// Ids of chunks that use all of them, at most five.
    pub evidence: Vec<String>,
}

/// What goes with given frameworks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameworkRelationship {
    /// Those of the given ones this rests on (canonical): all of them where they occur together, else each by itself.
    pub given: Vec<String>,
    /// What goes with them.
    pub framework: String,
    /// Chunks that use the given ones and it.
    pub support: u64,
    /// Share of those that use the given ones that also use it.
    pub confidence: f64,
    /// `confidence` divided by the share of all chunks that use it: above 1 they attract each other.
    pub lift: f64,
    /// Ids of such chunks, at most five.
    pub evidence: Vec<String>,
}

/// What each chunk uses, by number.
#[derive(Debug, Default)]
pub(crate) struct Baskets {
    ids: Vec<String>,
    /// Chunks of each name, ascending.
    by_name: BTreeMap<String, Vec<u32>>,
}

impl Baskets {
    /// Takes what one chunk uses.
    pub(crate) fn add(&mut self, id: &str, uses: &BTreeSet<String>) {
        if uses.is_empty() {
            return;
        }
        #[allow(clippy::cast_possible_truncation)] // rows are u32 in the engine too
        let number = self.ids.len() as u32;
        self.ids.push(id.to_owned());
        for name in uses {
            self.by_name.entry(name.clone()).or_default().push(number);
        }
    }

    /// Chunks that use all of these.
    pub(crate) fn with(&self, names: &[String]) -> Vec<u32> {
        let mut lists = names.iter().map(|n| self.by_name.get(n).map(Vec::as_slice).unwrap_or_default());
        let first = lists.next().unwrap_or_default().to_vec();
        lists.fold(first, |all, more| both(&all, more))
    }

    /// Ids of these chunks, at most so many.
    pub(crate) fn ids(&self, of: &[u32], most: usize) -> Vec<String> {
        of.iter().take(most).filter_map(|i| self.ids.get(*i as usize).cloned()).collect()
    }

    /// What goes with the given names, best first: most confidence, then most support.
    #[allow(clippy::cast_precision_loss)] // counts
    pub(crate) fn related(&self, given: &[String], limit: usize) -> Vec<FrameworkRelationship> {
        let together = self.with(given);
        let bases: Vec<(Vec<String>, Vec<u32>)> = if together.is_empty() {
            given.iter().map(|g| (vec![g.clone()], self.with(std::slice::from_ref(g)))).collect()
        } else {
            vec![(given.to_vec(), together)]
        };
        let mut found: Vec<FrameworkRelationship> = Vec::new();
        for (base, places) in bases.iter().filter(|(_, p)| !p.is_empty()) {
            for (name, of_name) in self.by_name.iter().filter(|(n, _)| !given.contains(n)) {
                let shared = both(places, of_name);
                if shared.is_empty() {
                    continue;
                }
                let confidence = shared.len() as f64 / places.len() as f64;
                found.push(FrameworkRelationship {
                    given: base.clone(),
                    framework: name.clone(),
                    support: shared.len() as u64,
                    confidence,
                    lift: confidence * self.ids.len() as f64 / of_name.len() as f64,
                    evidence: self.ids(&shared, MOST_EVIDENCE),
                });
            }
        }
        // one chunk alone is weak evidence: a share of few counts less (one more chunk without it is assumed)
        let worth = |r: &FrameworkRelationship| r.support as f64 / (r.support as f64 / r.confidence + 1.0);
        found.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(b.support.cmp(&a.support)).then(a.framework.cmp(&b.framework)));
        let mut named = BTreeSet::new();
        found.retain(|r| named.insert(r.framework.clone()));
        found.truncate(limit);
        found
    }
}

fn both(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.iter().filter(|x| long.binary_search(x).is_ok()).copied().collect()
}

/// All sets of two to four names that occur in three chunks or more: of each size the 200 with most support, by size, then support.
/// Cost: grows with the number of such sets, not with all possible ones.
#[allow(clippy::cast_precision_loss)] // counts
pub(crate) fn combinations(baskets: &Baskets) -> Vec<Combination> {
    let all = baskets.ids.len() as f64;
    let names: Vec<(&String, &Vec<u32>)> = baskets.by_name.iter().filter(|(_, of)| of.len() >= LEAST_SUPPORT).collect();
    let mut level: Vec<(Vec<usize>, Vec<u32>)> = names.iter().enumerate().map(|(i, (_, of))| (vec![i], (*of).clone())).collect();
    let mut support: HashMap<Vec<usize>, usize> = level.iter().map(|(set, of)| (set.clone(), of.len())).collect();
    let mut out = Vec::new();
    for _ in 2..=MOST_TOGETHER {
        let mut next = Vec::new();
        for (set, of) in &level {
            let last = set.last().copied().unwrap_or(0);
            for (i, (_, more)) in names.iter().enumerate().skip(last + 1) {
                let shared = both(of, more);
                if shared.len() >= LEAST_SUPPORT {
                    let set: Vec<usize> = set.iter().copied().chain([i]).collect();
                    support.insert(set.clone(), shared.len());
                    next.push((set, shared));
                }
            }
        }
        let mut here: Vec<Combination> = next
            .iter()
            .map(|(set, of)| {
                let n = of.len() as f64;
                let without = |skip: usize| set.iter().copied().filter(|x| *x != skip).collect::<Vec<_>>();
                let least = set.iter().filter_map(|x| support.get(&without(*x))).min().copied().unwrap_or(1);
                let chance: f64 = set.iter().map(|i| names[*i].1.len() as f64 / all).product();
                Combination {
                    frameworks: set.iter().map(|i| names[*i].0.clone()).collect(),
                    support: of.len() as u64,
                    share: n / all,
                    confidence: n / least as f64,
                    lift: n / all / chance,
                    evidence: baskets.ids(of, MOST_EVIDENCE),
                }
            })
            .collect();
        here.sort_by(|a, b| b.support.cmp(&a.support).then(a.frameworks.cmp(&b.frameworks)));
        here.truncate(MOST_SETS);
        out.append(&mut here);
        level = next;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baskets() -> Baskets {
        let mut b = Baskets::default();
        let all = [
            ("1", vec!["nextjs", "hono", "laravel"]),
            ("2", vec!["nextjs", "hono", "laravel"]),
            ("3", vec!["nextjs", "hono", "laravel"]),
            ("4", vec!["nextjs", "hono"]),
            ("5", vec!["nextjs", "react"]),
            ("6", vec!["django"]),
            ("7", vec![]),
        ];
        for (id, uses) in all {
            b.add(id, &uses.into_iter().map(str::to_owned).collect());
        }
        b
    }

    #[test]
    fn pairs_and_triples_with_their_figures() {
        let found = combinations(&baskets());
        let of = |names: &[&str]| found.iter().find(|c| c.frameworks == names);
        let pair = of(&["hono", "nextjs"]);
        let figures = pair.map(|c| (c.support, c.share, c.confidence, (c.lift * 1e6).round() / 1e6));
        assert_eq!(figures, Some((4, 4.0 / 6.0, 1.0, 1.2)));
        assert_eq!(pair.map(|c| c.evidence.clone()), Some(vec!["1".into(), "2".into(), "3".into(), "4".into()]));
        let triple = of(&["hono", "laravel", "nextjs"]).map(|c| (c.support, c.confidence));
        assert_eq!(triple, Some((3, 1.0)));
        assert!(of(&["nextjs", "react"]).is_none(), "one place is no combination");
    }

    #[test]
    fn relations_rest_on_all_given_or_on_each() {
        let b = baskets();
        let names = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|s| (*s).to_owned()).collect();
            b.related(&given, 2).into_iter().map(|r| (r.given.len(), r.framework, r.support)).collect::<Vec<_>>()
        };
        assert_eq!(names(&["nextjs", "hono"]), [(2, "laravel".to_owned(), 3)]);
        assert_eq!(names(&["nextjs"])[0], (1, "hono".to_owned(), 4));
        assert_eq!(names(&["django", "laravel"])[0].0, 1);
        assert!(names(&["unheard"]).is_empty());
    }
}
