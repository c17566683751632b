//! Maximal marginal relevance: hits that say something the others do not.

/// Chooses `count` of the hits, best first: each time the one with the highest `lambda * score - (1 - lambda) * similarity`,
/// similarity to the nearest chosen one.
///
/// `scores` are best first; `similarity(a, b)` of two positions is in [0, 1]. Cost: `count * scores.len()` similarities.
/// (Carbonell and Goldstein, SIGIR 1998.)
pub fn diversify(scores: &[f32], count: usize, lambda: f32, mut similarity: impl FnMut(usize, usize) -> f32) -> Vec<usize> {
    let mut left: Vec<(usize, f32)> = (0..scores.len()).map(|at| (at, 0.0)).collect();
    let mut chosen = Vec::with_capacity(count.min(scores.len()));
    while chosen.len() < count && !left.is_empty() {
        let value = |&(at, near): &(usize, f32)| lambda * scores[at] - (1.0 - lambda) * near;
        let mut best = 0;
        for i in 1..left.len() {
            if value(&left[i]) > value(&left[best]) {
                best = i;
            }
        }
        let (at, _) = left.remove(best);
        chosen.push(at);
        for (other, near) in &mut left {
            *near = near.max(similarity(*other, at));
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likes_come_later_the_smaller_lambda_is() {
        let scores = [0.9, 0.89, 0.7, 0.1];
        let alike = |a: usize, b: usize| if a.max(b) == 1 { 1.0 } else { 0.0 };
        assert_eq!(diversify(&scores, 4, 1.0, alike), [0, 1, 2, 3]);
        assert_eq!(diversify(&scores, 4, 0.5, alike), [0, 2, 3, 1]);
        assert_eq!(diversify(&scores, 2, 0.5, alike), [0, 2]);
        assert_eq!(diversify(&[], 2, 0.5, alike), [0; 0]);
    }
}
