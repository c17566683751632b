//! Chunks in: the hot path of bulk loads. The usual shapes are read straight into `ChunkInput`; anything else goes
//! through the tree, whose messages name the place.

use fluorite_memory::input::{from_value, snake_case};
use fluorite_memory::{ChunkInput, Content};

use crate::convert::{text_list, tree};
use crate::error::Fail;
use crate::raw::{Env, Js, Kind, Numbers, Text};

/// Reads chunks of one call. Their keys are mostly the same in the same order: comparing a handle with that of the
/// chunk before is cheaper than reading the key's text.
pub(crate) struct ChunkReader<'e> {
    env: Env<'e>,
    keys: Vec<(Js<'e>, String)>,
}

impl<'e> ChunkReader<'e> {
    pub(crate) fn new(env: Env<'e>) -> Self {
        Self { env, keys: Vec::new() }
    }

    /// The chunk; `name` leads the message of a failure.
    pub(crate) fn read(&mut self, v: Js<'e>, name: impl Fn() -> String) -> Result<ChunkInput, Fail> {
        if let Some(chunk) = self.quick(v) {
            return Ok(chunk);
        }
        let value = tree(self.env, v).map_err(|e| e.at(name()).fail())?;
        from_value(value).map_err(|m| Fail::argument(format!("{}: {m}", name())))
    }

    /// `None` for whatever is unusual or wrong: the long way tells which.
    #[allow(clippy::cast_possible_truncation)] // qualities are f32
    fn quick(&mut self, v: Js<'e>) -> Option<ChunkInput> {
        let env = self.env;
        if env.kind(v) != Kind::Object {
            return None;
        }
        let keys = env.keys(v).ok()?;
        let mut chunk = ChunkInput::text("");
        let mut content = None;
        for i in 0..env.length(keys).ok()? {
            let key = env.element(keys, i).ok()?;
            self.learn(i as usize, key)?;
            let v = env.member(v, key).ok()?;
            match self.keys.get(i as usize)?.1.as_str() {
                "id" => once(&mut chunk.id, self.text(v)?)?,
                "content" => once(&mut content, self.content(v)?)?,
                "frameworks" => once(&mut chunk.frameworks, text_list(env, v)?)?,
                "tags" => once(&mut chunk.tags, text_list(env, v)?)?,
                "language" => once(&mut chunk.language, self.text(v)?)?,
                "source" => once(&mut chunk.source, self.text(v)?)?,
                "namespace" => once(&mut chunk.namespace, self.text(v)?)?,
                "quality_score" if env.kind(v) == Kind::Number => once(&mut chunk.quality_score, env.number(v).ok()? as f32)?,
                "chunk_type" => once(&mut chunk.chunk_type, from_value(tree(env, v).ok()?).ok()?)?,
                "memory_type" => once(&mut chunk.memory_type, from_value(tree(env, v).ok()?).ok()?)?,
                "metadata" => once(&mut chunk.metadata, from_value(tree(env, v).ok()?).ok()?)?,
                "embedding" if env.kind(v) == Kind::Numbers => match env.numbers(v).ok()? {
                    Numbers::Floats(f) => once(&mut chunk.embedding, f)?,
                    Numbers::Bytes(_) => return None,
                },
                _ => return None,
            }
        }
        chunk.content = content?;
        Some(chunk)
    }

    /// Makes `keys[i]` the name of this key, in snake_case.
    fn learn(&mut self, i: usize, key: Js<'e>) -> Option<()> {
        if self.keys.get(i).is_some_and(|(known, _)| self.env.same(*known, key)) {
            return Some(());
        }
        let name = snake_case(&self.text(key)?);
        self.keys.truncate(i);
        self.keys.push((key, name));
        Some(())
    }

    fn text(&self, v: Js<'e>) -> Option<String> {
        if self.env.kind(v) != Kind::Text {
            return None;
        }
        match self.env.text(v).ok()? {
            Text::Well(s) => Some(s),
            Text::Ill(_) => None,
        }
    }

    fn content(&self, v: Js<'e>) -> Option<Content> {
        match self.env.kind(v) {
            Kind::Numbers => match self.env.numbers(v).ok()? {
                Numbers::Bytes(b) => Some(Content(b)),
                Numbers::Floats(_) => None,
            },
            _ => self.text(v).map(|s| Content(s.into_bytes())),
        }
    }
}

/// Both spellings of a key in one chunk are an error, which the long way reports.
fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}
