//! A line as a chunk.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json};

use super::past::{Past, Restored};
use crate::chunk::ChunkInput;
use crate::input::{Value, from_value, snake_case};
use crate::time::parse_iso;

/// What a line is.
#[derive(Debug)]
pub enum Line {
    /// A chunk.
    Chunk(Box<Restored>),
    /// A chunk whose time is over.
    Expired,
    /// Nothing: white space.
    Blank,
}

/// Reads a line; why it cannot be taken, when it cannot. `now`: milliseconds since the epoch. A chunk without an id gets one from
/// the line's bytes, so that the same line is the same chunk whenever it is read. `defaults`: members for lines without them.
pub fn read_line(line: &[u8], defaults: &Map<String, Json>, now: i64) -> Result<Line, String> {
    let text = std::str::from_utf8(line).map_err(|_| "not UTF-8")?.trim();
    if text.is_empty() {
        return Ok(Line::Blank);
    }
    let value: Json = serde_json::from_str(text).map_err(|e| format!("not JSON: {}", within_line(&e)))?;
    let Json::Object(mut map) = value else { return Err("not a JSON object".into()) };
    for (key, value) in defaults {
        let name = snake_case(key);
        if !map.keys().any(|k| snake_case(k) == name) {
            map.insert(name, value.clone());
        }
    }
    let mut past = take_past(&mut map)?;
    let metadata = match take(&mut map, "metadata") {
        None | Some(Json::Null) => None,
        Some(Json::Object(m)) => Some(m), // as it is: its numbers need not fit an f64
        Some(_) => return Err("metadata must be an object".into()),
    };
    let embedding = match take(&mut map, "embedding") {
        Some(Json::Object(vector)) => {
            let (model, values, truncated) = read_vector(&vector)?;
            past.model = Some(model);
            past.truncated = truncated;
            Some(values)
        }
        None | Some(Json::Null) => None,
        Some(other) => {
            map.insert("embedding".into(), other); // an array: a vector as `storeChunk` takes it
            None
        }
    };
    if let Some(bytes) = take(&mut map, "content_base64") {
        let bytes = bytes.as_str().and_then(|b| STANDARD.decode(b).ok());
        let bytes = bytes.filter(|_| !map.contains_key("content"));
        let bytes = bytes.ok_or("content_base64 must be base64, and stand without content")?;
        return finish(map, Some(bytes), metadata, embedding, past, text, now);
    }
    if !matches!(map.get("content"), Some(Json::String(_))) {
        return Err("content is missing or no text".into());
    }
    finish(map, None, metadata, embedding, past, text, now)
}

fn finish(
    map: Map<String, Json>,
    bytes: Option<Vec<u8>>,
    metadata: Option<Map<String, Json>>,
    embedding: Option<Vec<f32>>,
    past: Past,
    text: &str,
    now: i64,
) -> Result<Line, String> {
    let mut members: Vec<(String, Value)> = Vec::with_capacity(map.len() + 1);
    for (key, value) in map {
        // no language and no source: said in an export, and the same as leaving them out
        if !(value.is_null() && (key == "language" || key == "source")) {
            members.push((key, Value::from(value)));
        }
    }
    members.extend(bytes.map(|b| ("content".to_owned(), Value::Bytes(b))));
    let mut chunk: ChunkInput = from_value(Value::Object(members))?;
    if past.expires_at.is_some_and(|at| at <= now) {
        return Ok(Line::Expired);
    }
    chunk.metadata = metadata;
    chunk.embedding = embedding.or(chunk.embedding);
    if chunk.id.is_none() {
        chunk.id = Some(format!("line-{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes())));
    }
    Ok(Line::Chunk(Box::new(Restored { chunk, past })))
}

/// serde_json's message; of one line its column alone says where.
fn within_line(e: &serde_json::Error) -> String {
    e.to_string().replace(" at line 1 column ", " at character ")
}

/// A member in either spelling.
fn take(map: &mut Map<String, Json>, name: &str) -> Option<Json> {
    if let Some(value) = map.remove(name) {
        return Some(value);
    }
    let other = map.keys().find(|k| snake_case(k) == name).cloned()?;
    map.remove(&other)
}

fn take_past(map: &mut Map<String, Json>) -> Result<Past, String> {
    let mut time = |name: &str| match take(map, name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(s)) => match parse_iso(&s) {
            Some(at) if at >= 0 => Ok(Some(at)),
            Some(_) => Err(format!("{name} lies before 1970")),
            None => Err(format!("{name} is no time: write it as 2026-01-31T12:00:00.000Z")),
        },
        Some(_) => Err(format!("{name} is no time: write it as 2026-01-31T12:00:00.000Z")),
    };
    let (created_at, updated_at) = (time("created_at")?, time("updated_at")?);
    let (accessed_at, expires_at) = (time("accessed_at")?, time("expires_at")?);
    let mut number = |name: &str| match take(map, name) {
        None | Some(Json::Null) => Ok(None),
        Some(v) => match v.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) => Ok(Some(n)),
            None => Err(format!("{name} must be a whole number of 0 or more")),
        },
    };
    let (usage_count, version) = (number("usage_count")?, number("version")?);
    take(map, "content_hash"); // it follows from the content
    Ok(Past { created_at, updated_at, accessed_at, expires_at, usage_count, version, model: None, truncated: false })
}

fn read_vector(vector: &Map<String, Json>) -> Result<(String, Vec<f32>, bool), String> {
    let wrong = || "embedding must be { model, dimensions, f32 }: base64 of little-endian f32 values".to_owned();
    let model = vector.get("model").and_then(Json::as_str).filter(|m| !m.is_empty()).ok_or_else(wrong)?;
    let dimensions = vector.get("dimensions").and_then(Json::as_u64).ok_or_else(wrong)?;
    let bytes = vector.get("f32").and_then(Json::as_str).and_then(|b| STANDARD.decode(b).ok()).ok_or_else(wrong)?;
    let (values, rest) = bytes.as_chunks::<4>();
    if values.len() as u64 != dimensions || !rest.is_empty() {
        return Err(format!("embedding says {dimensions} dimensions and has {}", values.len()));
    }
    let truncated = vector.get("truncated").and_then(Json::as_bool).unwrap_or(false);
    Ok((model.to_owned(), values.iter().map(|b| f32::from_le_bytes(*b)).collect(), truncated))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Line, String> {
        read_line(line.as_bytes(), &Map::new(), 1_000_000_000_000)
    }

    #[test]
    fn a_line_says_what_is_wrong_with_it() {
        for (line, why) in [
            ("{\"content\":", "not JSON"),
            ("[1]", "not a JSON object"),
            ("{\"id\":\"x\"}", "content is missing"),
            ("{\"content\":\"x\",\"content_base64\":\"eA==\"}", "content_base64"),
            ("{\"content\":\"x\",\"colour\":\"red\"}", "colour"),
            ("{\"content\":\"x\",\"created_at\":\"yesterday\"}", "created_at is no time"),
            ("{\"content\":\"x\",\"usage_count\":-1}", "usage_count"),
            ("{\"content\":\"x\",\"metadata\":[]}", "metadata"),
            (
                "{\"content\":\"x\",\"embedding\":{\"model\":\"m\",\"dimensions\":2,\"f32\":\"AACAPw==\"}}",
                "2 dimensions and has 1",
            ),
            ("{\"content\":\"x\",\"embedding\":{\"model\":\"m\",\"dimensions\":1}}", "embedding must be"),
        ] {
            let found = read(line).unwrap_err();
            assert!(found.contains(why), "{line}: {found}");
        }
        assert!(read_line(&[0xff], &Map::new(), 0).unwrap_err().contains("UTF-8"));
        assert!(matches!(read(" \t\r").unwrap(), Line::Blank));
        assert!(matches!(read("{\"content\":\"x\",\"expires_at\":\"2001-01-01T00:00:00Z\"}").unwrap(), Line::Expired));
    }

    #[test]
    fn a_line_without_an_id_is_always_the_same_chunk() {
        let id = |line: &str| match read(line).unwrap() {
            Line::Chunk(r) => r.chunk.id.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!(id("{\"content\":\"x\"}"), id(" {\"content\":\"x\"}\r"));
        assert_ne!(id("{\"content\":\"x\"}"), id("{\"content\":\"x\",\"tags\":[\"a\"]}"));
    }
}
