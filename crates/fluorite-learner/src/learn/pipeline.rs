//! Learning for callers that await.

use fluorite_memory::{Engine, Error, Pending, Result, pending};

use super::options::{LearnOptions, LearningConfig};
use super::report::LearningReport;
use super::run::learn_from_spikes;
use crate::config::Config;

/// An engine and what it learns from. Clones share the engine.
#[derive(Clone)]
pub struct LearningPipeline {
    engine: Engine,
    config: LearningConfig,
}

impl LearningPipeline {
    /// Opens the store of this configuration on a thread of its own, with the models of `models_path` alone.
    #[must_use]
    #[allow(clippy::new_ret_no_self)] // `LearningPipeline::new(config).await?` is the promised form
    pub fn new(config: Config) -> Pending<Self> {
        on_thread("fluorite-open", move || {
            let engine = Engine::open(config.engine_config(None, Vec::new()))?;
            Ok(Self { engine, config: config.learning })
        })
    }

    /// A pipeline into an engine that is open already.
    #[must_use]
    pub fn with_engine(engine: Engine, config: LearningConfig) -> Self {
        Self { engine, config }
    }

    /// The engine, for searching what was learned and for `shutdown`.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Learns the folder of the configuration; see `learn_from_spikes`.
    #[must_use]
    pub fn learn_from_spikes(&self) -> Pending<LearningReport> {
        self.learn_from_spikes_with(LearnOptions::default())
    }

    /// The same with options; what they leave out comes from the configuration.
    #[must_use]
    pub fn learn_from_spikes_with(&self, options: LearnOptions) -> Pending<LearningReport> {
        let (engine, options) = (self.engine.clone(), self.config.complete(options));
        on_thread("fluorite-learn", move || learn_from_spikes(&engine, &options))
    }
}

/// Runs blocking work on a new thread; a panic there settles as `INTERNAL`.
fn on_thread<T: Send + 'static>(name: &str, work: impl FnOnce() -> Result<T> + Send + 'static) -> Pending<T> {
    let (settler, result) = pending();
    let thread = std::thread::Builder::new().name(name.to_owned());
    match thread.spawn(move || settler.settle(work())) {
        Ok(_) => result,
        Err(e) => Pending::ready(Err(Error::internal(format!("a thread could not be started: {e}")))),
    }
}
