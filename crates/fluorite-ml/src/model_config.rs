//! What a model's JSON files say.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model_dir::inside;
use crate::{Error, Pooling, Result};

/// No configuration file is larger than this; one that is, is not a configuration file.
const MAX_JSON: u64 = 1 << 20;
const MAX_DIMENSIONS: u64 = 8192;
const MAX_TOKENS: u64 = 8192;

/// What embedding needs to know beside the weights.
#[derive(Debug, Clone)]
pub(crate) struct ModelConfig {
    pub(crate) dimensions: usize,
    pub(crate) max_tokens: usize,
    pub(crate) pooling: Pooling,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl ModelConfig {
    /// Reads the model's folder. Files that are absent stand for the usual: mean pooling, and the limits of
    /// `config.json`.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let pooling_file = pooling_file(folder)?;
        let pooling_config = match &pooling_file {
            Some(file) => object(file)?,
            None => object(&folder.join("1_Pooling/config.json"))?,
        };
        if let (Some(file), None) = (&pooling_file, &pooling_config) {
            return Err(Error::rejected(file, "modules.json names this file, and it is not there"));
        }
        let pooling = match &pooling_config {
            Some(config) => Pooling::from_config(config).map_err(|reason| Error::rejected(folder, reason))?,
            None => Pooling::Mean,
        };
        let model = object(&folder.join("config.json"))?.unwrap_or_default();
        let sentence = object(&folder.join("sentence_bert_config.json"))?.unwrap_or_default();
        if sentence.get("do_lower_case") == Some(&Value::Bool(true)) {
            return Err(Error::rejected(
                folder,
                "do_lower_case in sentence_bert_config.json is not supported; lower-case in tokenizer.json",
            ));
        }
        let dimensions = number(pooling_config.as_ref(), "word_embedding_dimension")
            .or_else(|| number(Some(&model), "hidden_size"))
            .filter(|n| (1..=MAX_DIMENSIONS).contains(n))
            .ok_or_else(|| Error::rejected(folder, "config.json gives no hidden_size between 1 and 8192"))?;
        let positions = number(Some(&model), "max_position_embeddings").unwrap_or(512);
        let max_tokens = number(Some(&sentence), "max_seq_length").unwrap_or(512).min(positions);
        if !(4..=MAX_TOKENS).contains(&max_tokens) {
            return Err(Error::rejected(folder, format!("a limit of {max_tokens} tokens is not between 4 and {MAX_TOKENS}")));
        }
        Ok(Self { dimensions: dimensions as usize, max_tokens: max_tokens as usize, pooling })
    }
}

/// The pooling module's configuration as `modules.json` names it; refuses modules that would change the vector in a way
/// this crate does not follow.
fn pooling_file(folder: &Path) -> Result<Option<PathBuf>> {
    let file = folder.join("modules.json");
    let Some(bytes) = read(&file)? else { return Ok(None) };
    let modules: Vec<Module> =
        serde_json::from_slice(&bytes).map_err(|e| Error::rejected(&file, format!("not a list of modules: {e}")))?;
    let mut pooling = None;
    for module in &modules {
        let Some(path) = inside(Path::new(&module.path)) else {
            return Err(Error::rejected(&file, format!("module path {:?} must be relative, without `..`", module.path)));
        };
        // `sentence_transformers.models.Pooling`; other prefixes name the same classes.
        match module.kind.rsplit('.').next().unwrap_or_default() {
            "Transformer" | "Normalize" => {}
            "Pooling" => pooling = Some(folder.join(path).join("config.json")),
            other => {
                return Err(Error::rejected(
                    &file,
                    format!("module {other:?} is not supported (Transformer, Pooling and Normalize are)"),
                ));
            }
        }
    }
    Ok(pooling)
}

fn number(config: Option<&Map<String, Value>>, key: &str) -> Option<u64> {
    config?.get(key)?.as_u64()
}

/// A JSON object, or `None` when there is no such file.
fn object(file: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(bytes) = read(file)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::rejected(file, format!("not a JSON object: {e}")))
}

fn read(file: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::metadata(file) {
        Ok(found) if found.is_file() && found.len() <= MAX_JSON => {}
        Ok(_) => return Err(Error::rejected(file, "not a file of at most 1 MiB")),
        Err(_) => return Ok(None),
    }
    std::fs::read(file).map(Some).map_err(|e| Error::rejected(file, format!("cannot be read: {e}")))
}
