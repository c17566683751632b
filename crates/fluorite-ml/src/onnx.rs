//! The ONNX embedder.

use ort::session::{Session, SessionInputValue};
use ort::value::TensorRef;

use crate::session_pool::SessionPool;
use crate::{Embedder, Embedding, Error, ModelDir, Pooling, Result, Runtime, Tokenizer, vector};

/// Outputs that hold one vector per token, by the names exporters give them.
const OUTPUTS: [&str; 2] = ["last_hidden_state", "token_embeddings"];

/// A sentence-transformers model run by ONNX Runtime: one text per run, one thread per run. Batches would be slower, and
/// with int8 weights the neighbours in a batch would change a text's vector.
pub struct Onnx {
    model_id: String,
    dimensions: usize,
    max_tokens: usize,
    pooling: Pooling,
    inputs: Vec<Input>,
    output: String,
    tokenizer: Tokenizer,
    sessions: SessionPool,
}

#[derive(Clone, Copy)]
enum Input {
    Ids,
    Mask,
    TypeIds,
}

impl Input {
    const ALL: [Self; 3] = [Self::Ids, Self::Mask, Self::TypeIds];

    fn name(self) -> &'static str {
        match self {
            Self::Ids => "input_ids",
            Self::Mask => "attention_mask",
            Self::TypeIds => "token_type_ids",
        }
    }
}

impl Onnx {
    /// Checks and loads the model. At most `threads` texts are embedded at the same time (further callers wait); the
    /// sessions for that are loaded when first needed.
    ///
    /// # Errors
    /// `MODEL_REJECTED` when the weights are not on the list of known files (and the folder was not named by the user),
    /// keep data in other files, or do not fit the configuration; `EMBEDDING_FAILED` when ONNX Runtime fails.
    pub fn load(model: &ModelDir, runtime: &Runtime, threads: usize) -> Result<Self> {
        let tokenizer = model.tokenizer()?;
        let sessions = SessionPool::load(model, runtime, threads)?;
        let (inputs, output) = sessions.run(|session| signature(session, model))?;
        Ok(Self {
            model_id: model.model_id()?,
            dimensions: model.dimensions(),
            max_tokens: model.max_tokens(),
            pooling: model.pooling(),
            inputs,
            output,
            tokenizer,
            sessions,
        })
    }

    /// Sessions loaded so far: 1, and one more for each further thread that was busy at the same time.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.made()
    }

    /// The pooled vector of one text's tokens, not yet of length 1.
    fn infer(&self, session: &mut Session, ids: &[i64], type_ids: &[i64]) -> Result<Vec<f32>> {
        let mask = vec![1_i64; ids.len()];
        let failed = |e: ort::Error| Error::failed(format!("inference failed: {e}"));
        let mut values: Vec<(&str, SessionInputValue<'_>)> = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            let data = match input {
                Input::Ids => ids,
                Input::Mask => &mask,
                Input::TypeIds => type_ids,
            };
            values.push((input.name(), TensorRef::from_array_view(([1, ids.len()], data)).map_err(failed)?.into()));
        }
        let outputs = session.run(values).map_err(failed)?;
        let output = outputs.get(&self.output).ok_or_else(|| Error::failed(format!("the model gave no {}", self.output)))?;
        let (shape, rows) = output.try_extract_tensor::<f32>().map_err(failed)?;
        if **shape != [1, ids.len() as i64, self.dimensions as i64] || rows.len() != ids.len() * self.dimensions {
            let expected = format!("[1, {}, {}]", ids.len(), self.dimensions);
            return Err(Error::failed(format!(
                "the model gave a tensor of shape {shape}, not {expected}; check the model's config.json"
            )));
        }
        Ok(self.pooling.pool(rows, self.dimensions))
    }
}

impl Embedder for Onnx {
    fn model_id(&self) -> &str {
        &self.model_id
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    fn embed(&self, text: &str) -> Result<Embedding> {
        let tokens = self.tokenizer.encode(text, self.max_tokens)?;
        let mut values = self.sessions.run(|session| self.infer(session, &tokens.ids, &tokens.type_ids))?;
        if !vector::normalize(&mut values) {
            return Err(Error::failed("the model gave a vector without direction (all zeros, or not finite)"));
        }
        Ok(Embedding { values, tokens: tokens.total, truncated: tokens.truncated })
    }

    fn tokenizer(&self) -> Option<&Tokenizer> {
        Some(&self.tokenizer)
    }
}

/// The model's inputs and the output to pool, or why it is not a model of this kind.
fn signature(session: &Session, model: &ModelDir) -> Result<(Vec<Input>, String)> {
    let names = |outlets: &[ort::value::Outlet]| outlets.iter().map(|o| o.name().to_owned()).collect::<Vec<_>>();
    let (inputs, outputs) = (names(session.inputs()), names(session.outputs()));
    let known: Option<Vec<Input>> = inputs.iter().map(|name| Input::ALL.into_iter().find(|known| known.name() == name)).collect();
    let output = OUTPUTS.iter().find(|known| outputs.iter().any(|name| name == *known));
    match (known, output) {
        (Some(inputs), Some(output)) => Ok((inputs, (*output).to_owned())),
        _ => Err(Error::rejected(
            model.weights(),
            format!(
                "it has inputs {inputs:?} and outputs {outputs:?}; needed are input_ids, attention_mask (token_type_ids) and {}",
                OUTPUTS.join(" or ")
            ),
        )),
    }
}
