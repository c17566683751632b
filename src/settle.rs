//! From a pending result to what an export returns: the value itself when it is there, else a promise.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use fluorite_memory::Pending;

use crate::core::Call;
use crate::error::Fail;
use crate::progress::Progress;
use crate::raw::{Channel, Env, Js};

/// Hands `pending` over to JavaScript; `finish` makes the value on its thread. `call` and `progress` end with it.
pub(crate) fn settle<'e, T: Send + 'static>(
    env: Env<'e>,
    channel: &Arc<Channel>,
    mut pending: Pending<T>,
    call: Option<Call>,
    progress: Option<Progress>,
    finish: impl for<'a> FnOnce(Env<'a>, T) -> Result<Js<'a>, Fail> + Send + 'static,
) -> Result<Js<'e>, Fail> {
    // Settled already (a cache hit, a refusal): a thread hop would cost more than the work did.
    if let Poll::Ready(result) = Pin::new(&mut pending).poll(&mut Context::from_waker(Waker::noop())) {
        if let Some(p) = progress {
            p.end(env);
        }
        return finish(env, result?);
    }
    let (deferred, promise) = channel.promise(env)?;
    let way_back = Arc::clone(channel);
    pending.on_settle(move |result| {
        drop(call);
        let channel = Arc::clone(&way_back);
        way_back.send(move |env| {
            let value = catch_unwind(AssertUnwindSafe(|| finish(env, result?))).unwrap_or_else(|panic| Err(Fail::panic(&*panic)));
            if let Some(p) = progress {
                p.end(env);
            }
            channel.settle(env, deferred, value);
        });
    });
    Ok(promise)
}
