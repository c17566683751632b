//! Which chunks go into a context: the best first, as long as there is room.

use super::block::Block;
use super::cut::cut;
use super::overlap::{Left, beside, folded};
use super::room::{Count, measure};
use crate::cancel::CancelToken;
use crate::error::Result;
use crate::options::{ContextFormat, ContextOrder};
use crate::report::{Context, ContextChunk};

/// Chunks measured that did not fit, in all: then the rest is left alone, which bounds the cost of a call.
const MOST_MISSES: usize = 64;
/// Less room than this holds no chunk with its heading.
const LEAST_ROOM: usize = 6;

/// A chunk that was found.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub namespace: String,
    pub score: f32,
    pub content_hash: u128,
    pub block: Block,
}

/// A chunk that goes in, and what it takes.
struct Chosen {
    candidate: Candidate,
    folded: String,
    tokens: usize,
    /// The lower, the later it is given up.
    rank: usize,
}

/// How a context is to be.
pub struct Packer<'a> {
    pub budget: usize,
    pub format: ContextFormat,
    pub order: ContextOrder,
    pub count: &'a Count<'a>,
    pub cancel: &'a CancelToken,
}

impl Packer<'_> {
    /// Packs what is found, best first. The text never has more tokens than the budget: the whole is counted.
    pub fn pack(&self, found: impl Iterator<Item = Result<Candidate>>) -> Result<Context> {
        let special = (self.count)("")?;
        let mut chosen: Vec<Chosen> = Vec::new();
        let (mut rank, mut misses) = (0, 0);
        for candidate in found {
            self.cancel.check()?;
            let mut candidate = candidate?;
            let used = special + chosen.iter().map(|c| c.tokens).sum::<usize>();
            let room = self.budget.saturating_sub(used);
            if misses == MOST_MISSES || room < LEAST_ROOM {
                break;
            }
            let Some((mut text, held)) = fresh(&mut candidate, &chosen) else { continue };
            rank += 1;
            let freed: usize = held.iter().filter_map(|i| chosen.get(*i)).map(|c| c.tokens).sum();
            let block = &mut candidate.block;
            let tokens = match self.cost(block, special, room + freed)? {
                Some(tokens) => tokens,
                // the best of all is worth a part
                None if rank == 1 => match cut(block, room, &|b, room| self.cost(b, special, room), self.count)? {
                    Some((shorter, tokens)) => {
                        text = folded(&shorter.text);
                        *block = shorter;
                        tokens
                    }
                    None => continue,
                },
                None => {
                    misses += 1;
                    continue;
                }
            };
            // what the new one holds goes, and hands its place on
            let rank = held.iter().filter_map(|i| chosen.get(*i)).map(|c| c.rank).min().unwrap_or(rank);
            for i in held.iter().rev() {
                chosen.remove(*i);
            }
            chosen.push(Chosen { candidate, folded: text, tokens, rank });
        }
        self.finish(chosen)
    }

    /// Tokens a block adds to a text, when that is at most `room`.
    fn cost(&self, block: &Block, special: usize, room: usize) -> Result<Option<usize>> {
        let text = block.render(self.format) + "\n";
        Ok(measure(self.count, &text, room + special)?.map(|n| n.saturating_sub(special)))
    }

    /// Writes the blocks. Tokenizers may count a whole otherwise than its parts: then the weakest goes.
    fn finish(&self, mut chosen: Vec<Chosen>) -> Result<Context> {
        chosen.sort_by_key(|c| c.rank);
        while !chosen.is_empty() {
            let mut order: Vec<&Chosen> = chosen.iter().collect();
            if self.order == ContextOrder::Stable {
                order.sort_by(|a, b| place(a).cmp(&place(b)));
            }
            let text = order.iter().map(|c| c.candidate.block.render(self.format)).collect::<Vec<_>>().join("\n");
            if let Some(tokens) = measure(self.count, &text, self.budget)? {
                let chunks: Vec<ContextChunk> = order.iter().map(|c| entry(c)).collect();
                return Ok(Context { text, tokens, chunk_ids: chunks.iter().map(|c| c.id.clone()).collect(), chunks });
            }
            chosen.pop();
        }
        Ok(Context::default())
    }
}

/// What of a candidate is not there yet, folded, and which of the chosen it holds; `None` when there is nothing new.
fn fresh(candidate: &mut Candidate, chosen: &[Chosen]) -> Option<(String, Vec<usize>)> {
    if candidate.block.text.trim().is_empty() {
        return None;
    }
    let mut text = folded(&candidate.block.text);
    if chosen.iter().any(|c| c.candidate.content_hash == candidate.content_hash || c.folded.contains(&text)) {
        return None;
    }
    let held: Vec<usize> = chosen.iter().enumerate().filter(|(_, c)| text.contains(&c.folded)).map(|(i, _)| i).collect();
    let own = candidate.block.whole.is_some();
    let same_file = |c: &Candidate| {
        let same = c.block.path.is_some() && c.block.path == candidate.block.path && c.namespace == candidate.namespace;
        same && !(own && c.block.whole.is_some()) // pieces of one text share no line, those of two count their own
    };
    let others: Vec<&Block> = chosen
        .iter()
        .enumerate()
        .filter(|(i, c)| !held.contains(i) && same_file(&c.candidate))
        .map(|(_, c)| &c.candidate.block)
        .collect();
    for there in others {
        match beside(&candidate.block, there) {
            Left::All => {}
            Left::Nothing => return None,
            Left::Part(lines, rest) => {
                text = folded(&rest);
                candidate.block.lines = Some(lines);
                candidate.block.text = rest;
            }
        }
    }
    Some((text, held))
}

/// Where a chunk stands in a text whose order does not depend on scores.
fn place(c: &Chosen) -> (&str, Option<&str>, Option<u64>, &str) {
    let Candidate { namespace, block, .. } = &c.candidate;
    (namespace, block.path.as_deref(), block.lines.map(|l| l.first), &block.id)
}

fn entry(c: &Chosen) -> ContextChunk {
    let Candidate { namespace, score, block, .. } = &c.candidate;
    ContextChunk {
        id: block.id.clone(),
        namespace: namespace.clone(),
        score: *score,
        path: block.path.clone(),
        start_line: block.lines.map(|l| l.first),
        end_line: block.lines.map(|l| l.last),
        tokens: c.tokens,
        truncated: block.truncated,
    }
}
