//! Learning: blocking work on a thread of its own.

use std::path::PathBuf;

use fluorite_learner::{FileOptions, LearnOptions, learn_from_files, learn_from_spikes, learning_stats};
use napi_derive::napi;

use crate::bridge::{NativeBridge, NoOptions, report};
use crate::convert::{list, options, text};
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

    #[napi(
        ts_args_type = "paths: unknown, options: unknown, onProgress: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    pub fn learn_files(&self, env: napi::Env, paths: Arg, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let paths = list(env, env.arg(paths), "paths", |v, i| text(env, v, &format!("paths.{i}")).map(PathBuf::from))?;
            let mut o: FileOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.cancel = call.token.clone();
            o.num_threads = opened.learning.num_threads;
            o.on_progress = progress.as_ref().map(Progress::sink);
            let pending = self.core().spawn("fluorite-files", move || learn_from_files(&opened.engine, &paths, &o))?;
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    #[napi(ts_args_type = "options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn learning_stats(&self, env: napi::Env, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let NoOptions {} = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            let cancel = call.token.clone();
            let pending = self.core().spawn("fluorite-learned", move || learning_stats(&engine, &cancel))?;
            settle(env, &Channel::of(env)?, pending, Some(call), None, report)
        })
    }
}
