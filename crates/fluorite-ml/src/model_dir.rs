//! Where a model lies.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::model_config::ModelConfig;
use crate::model_file::{self, ModelFile};
use crate::{Error, Pooling, Result, Tokenizer};

/// The weights, in order of preference: int8 is 4 times smaller and 3 times faster, and as good (NDCG within .01).
const WEIGHTS: [&str; 3] = ["onnx/model_quantized.onnx", "onnx/model.onnx", "model.onnx"];

const REMEDY: &str =
    "install the package with its `models/` folder, or name the folder of a sentence-transformers model in ONNX form";

/// A folder to look in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFolder {
    /// The folder that holds the model's folder, or the model's folder itself.
    pub path: PathBuf,
    /// Whether the user named this folder. Only then may a model run that is not on the list of known files.
    pub explicit: bool,
}

/// A model in the layout of sentence-transformers: `tokenizer.json` and weights, and, where present, `modules.json`,
/// `config.json`, `sentence_bert_config.json` and the pooling module's `config.json`.
#[derive(Debug, Clone)]
pub struct ModelDir {
    path: PathBuf,
    name: String,
    explicit: bool,
    weights: PathBuf,
    config: ModelConfig,
    sha256: Arc<OnceLock<String>>,
}

impl ModelDir {
    /// Finds the model called `name`: in `<folder>/<name>/`, then in `<folder>` itself, for each folder in order. Reads
    /// the small JSON files, not the weights, so it takes well under a millisecond.
    ///
    /// # Errors
    /// `MODEL_NOT_FOUND` when no folder holds weights and a tokenizer; `MODEL_REJECTED` when the name or a path in the
    /// configuration leaves the folder, or the model asks for something this crate does not do (see [`Pooling`]).
    pub fn find(folders: &[ModelFolder], name: &str) -> Result<Self> {
        let relative = inside(Path::new(name)).filter(|p| !p.as_os_str().is_empty());
        let Some(relative) = relative else {
            return Err(Error::rejected(Path::new(name), "a model's name is a relative path without `..`"));
        };
        let mut looked = Vec::new();
        for folder in folders {
            for path in [folder.path.join(&relative), folder.path.clone()] {
                let weights = WEIGHTS.iter().map(|file| path.join(file)).find(|file| file.is_file());
                let Some(weights) = weights else {
                    looked.push(path);
                    continue;
                };
                if !path.join(TOKENIZER).is_file() {
                    return Err(Error::ModelNotFound {
                        what: format!("{TOKENIZER} of model {name:?}"),
                        looked: vec![path],
                        remedy: REMEDY,
                    });
                }
                let config = ModelConfig::read(&path)?;
                let sha256 = Arc::new(OnceLock::new());
                return Ok(Self { path, name: name.to_owned(), explicit: folder.explicit, weights, config, sha256 });
            }
        }
        Err(Error::ModelNotFound { what: format!("model {name:?}"), looked, remedy: REMEDY })
    }

    /// The model's folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name it was found by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file of weights.
    #[must_use]
    pub fn weights(&self) -> &Path {
        &self.weights
    }

    /// Values per vector.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.config.dimensions
    }

    /// Tokens the model reads at most, special tokens included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.config.max_tokens
    }

    /// How token vectors become one.
    #[must_use]
    pub fn pooling(&self) -> Pooling {
        self.config.pooling
    }

    /// The id its vectors carry: name, `@`, 16 hexadecimal digits of the weights' SHA-256. The first call reads the
    /// whole file (some 20-100 ms for the shipped model); later calls, also on clones, are free.
    ///
    /// # Errors
    /// As [`Onnx::load`](crate::Onnx::load) on a file that may not be used.
    pub fn model_id(&self) -> Result<String> {
        let sha256 = match self.sha256.get() {
            Some(known) => known.clone(),
            None => self.read()?.sha256,
        };
        Ok(model_id(&self.name, &sha256))
    }

    /// Loads the tokenizer alone, for counting tokens without the model.
    ///
    /// # Errors
    /// `MODEL_REJECTED` when the file is not a tokenizer.
    pub fn tokenizer(&self) -> Result<Tokenizer> {
        Tokenizer::from_file(&self.path.join(TOKENIZER))
    }

    /// Reads and checks the weights. The bytes that were checked are the bytes that are run.
    pub(crate) fn read(&self) -> Result<ModelFile> {
        let file = model_file::read(&self.weights, &self.path.join(TOKENIZER), self.explicit)?;
        if let Some(known) = self.sha256.get()
            && *known != file.sha256
        {
            return Err(Error::rejected(&self.weights, "the file changed since it was first read; restart the process"));
        }
        let _ = self.sha256.set(file.sha256.clone());
        Ok(file)
    }
}

/// The tokenizer's file name.
const TOKENIZER: &str = "tokenizer.json";

/// The id of vectors made by these weights.
pub(crate) fn model_id(name: &str, sha256: &str) -> String {
    format!("{name}@{}", sha256.get(..16).unwrap_or(sha256))
}

/// The path, if it stays inside the folder it is joined to: relative, no `..`, no drive.
pub(crate) fn inside(path: &Path) -> Option<PathBuf> {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .map(|part| match part {
            Component::Normal(name) => Some(name),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_accepts_only_paths_that_stay_below() {
        for good in ["", "1_Pooling", "a/b", "./a"] {
            assert!(inside(Path::new(good)).is_some(), "{good}");
        }
        for bad in ["..", "a/../b", "/etc", "../x", "a/.."] {
            assert!(inside(Path::new(bad)).is_none(), "{bad}");
        }
    }
}
