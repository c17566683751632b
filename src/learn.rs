//! Learning: blocking work on a thread of its own.

use fluorite_learner::{LearnOptions, learn_from_spikes};
use napi_derive::napi;

use crate::bridge::{NativeBridge, report};
use crate::convert::options;
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Returned, enter};
use crate::settle::settle;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn learn(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let mut o: LearnOptions = opened.learning.complete(options(env, env.arg(opts))?);
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.cancel = call.token.clone();
            o.on_progress = progress.as_ref().map(Progress::sink);
            let pending = self.core().spawn("fluorite-learn", move || learn_from_spikes(&opened.engine, &o))?;
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }
}
