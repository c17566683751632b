//! What the other candidates say about one: hits of its file, turns of its dialogue.

use std::collections::HashMap;

use super::question::Question;
use super::rank::{Candidate, Judged};
use super::signals::{COUNT, NAMES, of_chunk, path_of, turn_of};

/// Other hits of a file that count.
const SAME_FILE: usize = 4;

const AT_FILE: usize = place("same_file");
const AT_NEIGHBOURS: usize = place("neighbours");
const AT_SESSION: usize = place("session");

/// Where a signal stands among `NAMES`; a name that is not there does not compile.
const fn place(name: &str) -> usize {
    let mut at = 0;
    while !same(NAMES[at].as_bytes(), name.as_bytes()) {
        at += 1;
    }
    at
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

/// Turns of a session that were found.
#[derive(Default)]
struct Session {
    turns: HashMap<i64, f32>,
    best: f32,
    /// The best of the others, for the best itself.
    second: f32,
}

impl Session {
    fn add(&mut self, turn: i64, base: f32) {
        self.turns.entry(turn).or_insert(base);
        if base > self.best {
            self.second = std::mem::replace(&mut self.best, base);
        } else {
            self.second = self.second.max(base);
        }
    }

    /// The turns beside this one, the second ones at half.
    fn near(&self, turn: i64) -> f32 {
        let at = |step: i64| self.turns.get(&turn.saturating_add(step)).copied().unwrap_or(0.0);
        at(-1) + at(1) + 0.5 * (at(-2) + at(2))
    }

    /// The best turn but this one.
    fn other(&self, base: f32) -> f32 {
        if base >= self.best { self.second } else { self.best }
    }
}

/// All signals of the best candidates, which come best first with their blended scores.
pub(super) fn signals_of(question: &Question, best: &[(f32, Candidate)], judged: &[Option<&Judged>]) -> Vec<[f32; COUNT]> {
    let highest = best.first().map_or(0.0, |(v, _)| *v);
    let lowest = best.last().map_or(0.0, |(v, _)| *v);
    let base: Vec<f32> = best.iter().map(|(v, _)| (v - lowest) / (highest - lowest + 1e-9)).collect();
    let mut files: HashMap<(&str, &str), Vec<f32>> = HashMap::new();
    let mut sessions: HashMap<String, Session> = HashMap::new();
    let turns: Vec<Option<(String, i64)>> = judged.iter().map(|j| turn_of(&j.as_ref()?.chunk)).collect();
    for ((j, turn), base) in judged.iter().zip(&turns).zip(&base) {
        if let Some((j, path)) = j.and_then(|j| Some((j, path_of(&j.chunk)?))) {
            files.entry((&j.chunk.namespace, path)).or_default().push(*base);
        }
        if let Some((session, turn)) = turn {
            match sessions.get_mut(session) {
                Some(known) => known.add(*turn, *base),
                None => sessions.entry(session.clone()).or_default().add(*turn, *base),
            }
        }
    }
    let one = |i: usize| {
        let (Some(j), turn, base) = (judged[i], &turns[i], base[i]) else { return [0.0; COUNT] };
        let mut s = of_chunk(question, &j.chunk, j.usage, j.age_days);
        if let Some(file) = path_of(&j.chunk).and_then(|p| files.get(&(j.chunk.namespace.as_str(), p))) {
            let others: f32 = file.iter().take(SAME_FILE + 1).sum::<f32>() - base;
            s[AT_FILE] = if file.len() > 1 { (others.max(0.0) / 3.0).min(1.0) } else { 0.0 };
        }
        if let Some((session, turn)) = turn.as_ref().and_then(|(s, turn)| Some((sessions.get(s)?, *turn))) {
            s[AT_NEIGHBOURS] = session.near(turn);
            s[AT_SESSION] = session.other(base);
        }
        s
    };
    (0..judged.len()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::super::signals::tests::chunk;
    use super::*;
    use crate::ChunkType;

    /// The signal of candidates with these blended scores, best first.
    fn signal(name: &str, scores: &[f32], metadata: &[Value]) -> Vec<f32> {
        let at = NAMES.iter().position(|n| *n == name).unwrap();
        let judged: Vec<Judged> = metadata
            .iter()
            .map(|m| {
                let mut chunk = chunk("x", m.get("path").and_then(Value::as_str), m.clone());
                chunk.attributes.chunk_type = ChunkType::Conversation;
                Judged { chunk: Arc::new(chunk), usage: 0, age_days: 0 }
            })
            .collect();
        let candidate = |row| Candidate { row, similarity: None, lexical: 1.0 };
        let best: Vec<(f32, Candidate)> = scores.iter().enumerate().map(|(i, s)| (*s, candidate(i as u32))).collect();
        let known: Vec<Option<&Judged>> = judged.iter().map(Some).collect();
        signals_of(&Question::new("q", &[]), &best, &known).iter().map(|s| (s[at] * 100.0).round() / 100.0).collect()
    }

    #[test]
    fn a_session_is_worth_its_best_other_turn() {
        let turn = |session: &str, turn: i64| json!({ "session_id": session, "turn": turn });
        let turns = [turn("a", 1), turn("b", 1), turn("a", 9), turn("c", 1), turn("a", 20)];
        assert_eq!(signal("session", &[1.0, 0.8, 0.5, 0.4, 0.0], &turns), [0.5, 0.0, 1.0, 0.0, 1.0]);
        assert_eq!(signal("neighbours", &[1.0, 0.8, 0.5, 0.4, 0.0], &turns), [0.0; 5]);
        let near = [turn("a", 1), turn("a", 2), turn("a", 4), turn("b", 3)];
        assert_eq!(signal("neighbours", &[1.0, 0.6, 0.2, 0.0], &near), [0.6, 1.1, 0.3, 0.0]);
    }

    #[test]
    fn hits_of_one_file_lift_each_other() {
        let file = |path: &str| json!({ "path": path });
        let files = [file("a"), file("b"), file("b"), file("b")];
        assert_eq!(signal("same_file", &[1.0, 0.9, 0.6, 0.0], &files), [0.0, 0.2, 0.3, 0.5]);
    }
}
