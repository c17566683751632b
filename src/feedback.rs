//! Feedback and training.

use fluorite_memory::{Feedback, TrainOptions, TrainingExample};
use napi_derive::napi;

use crate::bridge::{NativeBridge, NoOptions, report};
use crate::convert::{list, options, typed};
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Kind, Returned, enter};
use crate::settle::settle;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "feedback: unknown, options: unknown, call: number", ts_return_type = "Promise<void> | void")]
    pub fn add_feedback(&self, env: napi::Env, feedback: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let given = env.arg(feedback);
            let all: Vec<Feedback> = if env.kind(given) == Kind::List {
                list(env, given, "feedback", |v, i| typed(env, v, &format!("feedback.{i}")))?
            } else {
                vec![typed(env, given, "feedback")?]
            };
            let NoOptions {} = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            settle(env, &Channel::of(env)?, engine.add_feedback(all), Some(call), None, |env, ()| env.undefined())
        })
    }

    #[napi(
        ts_args_type = "examples: unknown, options: unknown, onProgress: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    pub fn train(&self, env: napi::Env, examples: Arg, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let given = env.arg(examples);
            let examples: Vec<TrainingExample> = match env.kind(given) {
                Kind::Undefined | Kind::Null => Vec::new(),
                _ => list(env, given, "examples", |v, i| typed(env, v, &format!("examples.{i}")))?,
            };
            let mut o: TrainOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.cancel = call.token.clone();
            o.on_progress = progress.as_ref().map(Progress::sink);
            settle(env, &channel, engine.train_incremental(examples, o), Some(call), progress, report)
        })
    }
}
