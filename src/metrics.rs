//! Metrics.

use fluorite_memory::{MetricsFormat, MetricsOptions};
use napi_derive::napi;

use crate::bridge::{NativeBridge, report};
use crate::convert::options;
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Returned, enter};
use crate::settle::settle;

#[napi]
impl NativeBridge {
    /// JSON, or the text that was asked for.
    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn metrics(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let mut o: MetricsOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            o.cancel = call.token.clone();
            o.on_progress = progress.as_ref().map(Progress::sink);
            let format = o.format.unwrap_or_default();
            settle(env, &channel, engine.metrics(o), Some(call), progress, move |env, metrics| match format {
                MetricsFormat::Prometheus => env.of_text(&metrics.prometheus()),
                MetricsFormat::Json => report(env, metrics),
            })
        })
    }
}
