//! The least work that turns text into vectors, for `benches/embed.mjs` to compare with: the same library and model
//! file, one session, one thread, no cache, no pool, no queue.
//!
//! `bare_ort <library> <model folder>` reads lines of JSON, each a list of texts, and answers each with a line of JSON:
//! `{"run_us": [...], "all_us": [...]}`, the time of `Session::run` alone and with tokenizing, pooling and normalising.

use std::error::Error;
use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use fluorite_ml::{Tokenizer, vector};
use ort::session::Session;
use ort::value::TensorRef;

const MAX_TOKENS: usize = 256;
const DIMENSIONS: usize = 384;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(library), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err("usage: bare_ort <library> <model folder>".into());
    };
    let environment = ort::init_from(library)?.with_telemetry(false).build()?;
    let folder = Path::new(&folder);
    let mut session = Session::builder(&environment)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        // As in the product: without it the sums saturate on processors without VNNI, which is another result.
        .with_precise_qmm()?
        .commit_from_file(folder.join("onnx/model_quantized.onnx"))?;
    let tokenizer = Tokenizer::from_file(&folder.join("tokenizer.json"))?;
    for line in stdin().lines() {
        let texts: Vec<String> = serde_json::from_str(&line?)?;
        let (mut run_us, mut all_us) = (Vec::new(), Vec::new());
        for text in &texts {
            let began = Instant::now();
            let run = embed(&mut session, &tokenizer, text)?;
            all_us.push(began.elapsed().as_secs_f64() * 1e6);
            run_us.push(run);
        }
        let answer = serde_json::json!({ "run_us": run_us, "all_us": all_us });
        writeln!(stdout(), "{answer}")?;
    }
    Ok(())
}

/// Microseconds that the model alone took.
fn embed(session: &mut Session, tokenizer: &Tokenizer, text: &str) -> Result<f64, Box<dyn Error>> {
    let tokens = tokenizer.encode(text, MAX_TOKENS)?;
    let mask = vec![1_i64; tokens.ids.len()];
    let shape = [1, tokens.ids.len()];
    let inputs = ort::inputs![
        "input_ids" => TensorRef::from_array_view((shape, &tokens.ids[..]))?,
        "attention_mask" => TensorRef::from_array_view((shape, &mask[..]))?,
        "token_type_ids" => TensorRef::from_array_view((shape, &tokens.type_ids[..]))?,
    ];
    let began = Instant::now();
    let outputs = session.run(inputs)?;
    let run = began.elapsed().as_secs_f64() * 1e6;
    let (_, rows) = outputs[0].try_extract_tensor::<f32>()?;
    let mut values = [0_f32; DIMENSIONS]; // the sum: normalised it is the same as the mean
    for row in rows.chunks_exact(DIMENSIONS) {
        for (sum, value) in values.iter_mut().zip(row) {
            *sum += value;
        }
    }
    if !vector::normalize(&mut values) {
        return Err("the model gave a vector without direction".into());
    }
    Ok(run)
}
