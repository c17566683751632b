//! The best chunks for a query as one text.

use fluorite_memory::ContextOptions;
use napi_derive::napi;

use crate::bridge::{NativeBridge, read_query, report};
use crate::convert::options;
use crate::raw::{Arg, Channel, Returned, enter};
use crate::settle::settle;

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "query: unknown, options: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn build_context(&self, env: napi::Env, query: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let query = read_query(env, env.arg(query), "query")?;
            let mut o: ContextOptions = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            settle(env, &Channel::of(env)?, engine.build_context(query, o), Some(call), None, report)
        })
    }
}
