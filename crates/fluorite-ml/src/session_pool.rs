//! The loaded model, for several threads.
//!
//! `ort` 2.0.0-rc.15 lets one thread at a time run a session (`run` takes `&mut`), so parallel embedding needs a session per
//! thread. Each costs a copy of the weights: measured 60 MB of resident memory for the shipped model (23 MB of file;
//! turning off the arena or the memory pattern changed nothing) and some 100 ms. Sessions are therefore made one by one,
//! only when a text finds all others at work.

use ort::session::Session;
use parking_lot::{Condvar, Mutex};

use crate::{Error, ModelDir, Result, Runtime};

/// Sessions of one model, at most `limit`.
pub(crate) struct SessionPool {
    model: ModelDir,
    runtime: Runtime,
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    idle: Vec<Session>,
    made: usize,
    limit: usize,
}

impl SessionPool {
    /// Loads the first session, so that a bad model fails here and not at the first text.
    pub(crate) fn load(model: &ModelDir, runtime: &Runtime, limit: usize) -> Result<Self> {
        let first = session(model, runtime)?;
        let state = State { idle: vec![first], made: 1, limit: limit.max(1) };
        Ok(Self { model: model.clone(), runtime: runtime.clone(), state: Mutex::new(state), returned: Condvar::new() })
    }

    /// Runs `work` on a session of its own; waits while all are busy and no more may be made.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        let mut lease = Lease { pool: self, session: Some(self.take()) };
        match &mut lease.session {
            Some(session) => work(session),
            None => Err(Error::failed("the session was given back before its work was done")),
        }
    }

    /// Sessions loaded now.
    pub(crate) fn made(&self) -> usize {
        self.state.lock().made
    }

    fn take(&self) -> Session {
        let mut state = self.state.lock();
        loop {
            if let Some(session) = state.idle.pop() {
                return session;
            }
            if state.made < state.limit {
                state.made += 1;
                drop(state);
                let extra = session(&self.model, &self.runtime);
                state = self.state.lock();
                match extra {
                    Ok(session) => return session,
                    // More sessions are a matter of speed: without memory or file for one, those that work go on.
                    Err(_) => {
                        state.made -= 1;
                        state.limit = state.made.max(1);
                        continue;
                    }
                }
            }
            self.returned.wait(&mut state);
        }
    }
}

/// Gives the session back, also when the work panics.
struct Lease<'a> {
    pool: &'a SessionPool,
    session: Option<Session>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.pool.state.lock().idle.push(session);
            self.pool.returned.notify_one();
        }
    }
}

/// One thread per session, so that texts, not layers, run in parallel: faster, and the only way int8 sums are the same
/// every time.
fn session(model: &ModelDir, runtime: &Runtime) -> Result<Session> {
    let file = model.read()?;
    let configured = || -> std::result::Result<_, String> {
        let text = |e: ort::Error<_>| e.to_string();
        Session::builder(runtime.environment())
            .map_err(|e| e.to_string())?
            .with_intra_threads(1)
            .map_err(text)?
            .with_inter_threads(1)
            .map_err(text)?
            .with_prepacking(true)
            .map_err(text)?
            // Processors with AVX2 or AVX-512 but without VNNI otherwise add byte products in 16 bits, which saturate.
            .with_precise_qmm()
            .map_err(text)?
            // Without this, bytes that look like the runtime's own format are read as such, past our checks.
            .with_config_entry("session.load_model_format", "ONNX")
            .map_err(text)
    };
    let mut builder = configured().map_err(|e| Error::failed(format!("ONNX Runtime refused its options: {e}")))?;
    builder
        .commit_from_memory(&file.bytes)
        .map_err(|e| Error::rejected(model.weights(), format!("ONNX Runtime cannot load it: {e}")))
}
