//! Cutting a text into pieces: on the pool, counted by the model's tokenizer, offsets in UTF-16.

use fluorite_chunking::{ChunkSize, ChunkingError, ChunkingOptions, Piece, SizeError, chunk_text};
use fluorite_memory::{CancelToken, Error, TokenCounter};
use napi_derive::napi;
use serde::{Deserialize, Serialize};

use crate::bridge::NativeBridge;
use crate::convert::{options, text};
use crate::error::Fail;
use crate::raw::{Arg, Channel, Returned, enter};
use crate::records::json;
use crate::settle::settle;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Options {
    max_tokens: Option<usize>,
    overlap_tokens: Option<usize>,
    language: Option<String>,
    path: Option<String>,
}

impl Options {
    fn read(self) -> Result<ChunkingOptions, ChunkingError> {
        let default = ChunkingOptions::default();
        Ok(ChunkingOptions {
            max_tokens: self.max_tokens.unwrap_or(default.max_tokens),
            overlap_tokens: self.overlap_tokens.unwrap_or(default.overlap_tokens),
            language: self.language.map(|name| name.parse()).transpose()?,
            path: self.path,
        })
    }
}

/// A piece without its content, which the facade cuts from the text it has.
#[derive(Serialize)]
struct Cut<'a> {
    start: usize,
    end: usize,
    start_line: usize,
    end_line: usize,
    tokens: usize,
    kind: &'static str,
    symbols: Vec<Named<'a>>,
    scope: &'a [String],
    headings: &'a [String],
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    kind: &'static str,
}

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "text: unknown, options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn chunk_text(&self, env: napi::Env, input: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let text = text(env, env.arg(input), "text")?;
            let o = options::<Options>(env, env.arg(opts))?.read().map_err(|e| Fail::argument(format!("options: {e}")))?;
            let call = self.call(env, call);
            let cancel = call.token.clone();
            let pending = engine.with_token_counter(move |counter| {
                let pieces = chunk_text(&text, &o, &Counted { counter, cancel }).map_err(refused)?;
                Ok(cuts(&text, &pieces))
            });
            settle(env, &Channel::of(env)?, pending, Some(call), None, |env, cuts| env.of_text(&cuts?))
        })
    }
}

/// The engine's counter; stops when the call is cancelled.
struct Counted<'a> {
    counter: &'a TokenCounter,
    cancel: CancelToken,
}

impl ChunkSize for Counted<'_> {
    fn size(&self, text: &str) -> Result<usize, SizeError> {
        self.check()?;
        Ok(self.counter.count(text)?)
    }

    fn check(&self) -> Result<(), SizeError> {
        Ok(self.cancel.check()?)
    }
}

/// The engine's own error as it was; the rest is about the arguments.
fn refused(e: ChunkingError) -> Error {
    match e {
        ChunkingError::Size(cause) => match cause.downcast::<Error>() {
            Ok(own) => *own,
            Err(other) => Error::internal(other.to_string()),
        },
        other => Error::argument(format!("options: {other}")),
    }
}

/// The pieces as JSON.
fn cuts(text: &str, pieces: &[Piece]) -> Result<String, Fail> {
    let (mut starts, mut ends) = (Utf16::default(), Utf16::default());
    let cut = |p: &Piece| -> (usize, usize) { (starts.at(text, p.range.start), ends.at(text, p.range.end)) };
    let offsets: Vec<(usize, usize)> = pieces.iter().map(cut).collect();
    let all = pieces.iter().zip(offsets).map(|(p, (start, end))| Cut {
        start,
        end,
        start_line: p.start_line,
        end_line: p.end_line,
        tokens: p.tokens,
        kind: p.kind.name(),
        symbols: p.symbols.iter().map(|s| Named { name: &s.name, kind: s.kind.name() }).collect(),
        scope: &p.scope,
        headings: &p.headings,
    });
    json(&all.collect::<Vec<_>>())
}

/// Bytes to UTF-16 units, forwards only.
#[derive(Default)]
struct Utf16 {
    byte: usize,
    unit: usize,
}

impl Utf16 {
    fn at(&mut self, text: &str, byte: usize) -> usize {
        self.unit += text.get(self.byte..byte).map_or(0, |part| part.chars().map(char::len_utf16).sum());
        self.byte = byte;
        self.unit
    }
}
