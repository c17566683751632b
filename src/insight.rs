//! Clusters and the map: blocking work on a thread of its own.

use fluorite_insight::{ClusterOptions, MapOptions, cluster, memory_map};
use napi_derive::napi;

use crate::bridge::{NativeBridge, report};
use crate::convert::options;
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Returned, enter};
use crate::records::json;
use crate::settle::settle;

/// Points of a map in one piece of text: parsing it takes the event loop some milliseconds.
const PIECE: usize = 2_000;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn cluster(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let mut o: ClusterOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.num_threads = opened.learning.num_threads;
            o.cancel = call.token.clone();
            o.on_progress = progress.as_ref().map(Progress::sink);
            let pending = self.core().spawn("fluorite-cluster", move || cluster(&opened.engine, &o))?;
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    /// JSON arrays, one after the other.
    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string[]> | string[]")]
    pub fn memory_map(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let opened = self.core().opened()?;
            let mut o: MapOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.num_threads = opened.learning.num_threads;
            o.cancel = call.token.clone();
            o.on_progress = progress.as_ref().map(Progress::sink);
            let pending = self.core().spawn("fluorite-map", move || memory_map(&opened.engine, &o))?;
            settle(env, &channel, pending, Some(call), progress, |env, points| {
                let pieces: Vec<&[_]> = points.chunks(PIECE).collect();
                env.list_of(&pieces, |env, piece| env.of_text(&json(piece)?))
            })
        })
    }
}
