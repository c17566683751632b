//! A result that is on its way: awaited by Rust callers, hooked by the binding, waited for by tests.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};

use crate::error::{Error, Result};

type Hook<T> = Box<dyn FnOnce(Result<T>) + Send>;

enum State<T> {
    Waiting(Option<Waker>),
    Hooked(Hook<T>),
    Done(Result<T>),
    Taken,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

/// The receiving end. Dropping it does not stop the work.
pub struct Pending<T>(Arc<Shared<T>>);

/// The sending end. Dropping it unsettled settles with `Internal`: no caller waits for ever.
pub struct Settler<T>(Option<Arc<Shared<T>>>);

/// A connected pair.
#[must_use]
pub fn pending<T>() -> (Settler<T>, Pending<T>) {
    let shared = Arc::new(Shared { state: Mutex::new(State::Waiting(None)), ready: Condvar::new() });
    (Settler(Some(Arc::clone(&shared))), Pending(shared))
}

impl<T> Settler<T> {
    /// Delivers the result on the calling thread.
    pub fn settle(mut self, result: Result<T>) {
        if let Some(shared) = self.0.take() {
            deliver(&shared, result);
        }
    }
}

impl<T> Drop for Settler<T> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            deliver(&shared, Err(Error::internal("the work ended without a result")));
        }
    }
}

fn deliver<T>(shared: &Shared<T>, result: Result<T>) {
    let mut state = shared.state.lock();
    match std::mem::replace(&mut *state, State::Taken) {
        State::Hooked(hook) => {
            drop(state);
            hook(result);
        }
        State::Waiting(waker) => {
            *state = State::Done(result);
            drop(state);
            shared.ready.notify_all();
            if let Some(w) = waker {
                w.wake();
            }
        }
        other => *state = other,
    }
}

impl<T> Pending<T> {
    /// Already settled.
    #[must_use]
    pub fn ready(result: Result<T>) -> Self {
        Self(Arc::new(Shared { state: Mutex::new(State::Done(result)), ready: Condvar::new() }))
    }

    /// Calls `hook` once with the result, on the thread that settles (or now, when settled).
    pub fn on_settle(self, hook: impl FnOnce(Result<T>) + Send + 'static) {
        let mut state = self.0.state.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => {
                drop(state);
                hook(result);
            }
            _ => *state = State::Hooked(Box::new(hook)),
        }
    }

    /// Blocks the calling thread until settled. Never call it on a pool thread.
    pub fn wait(self) -> Result<T> {
        let mut state = self.0.state.lock();
        loop {
            match std::mem::replace(&mut *state, State::Taken) {
                State::Done(result) => return result,
                other => *state = other,
            }
            self.0.ready.wait(&mut state);
        }
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let mut state = self.0.state.lock();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Done(result) => Poll::Ready(result),
            State::Waiting(_) => {
                *state = State::Waiting(Some(cx.waker().clone()));
                Poll::Pending
            }
            other => {
                *state = other;
                Poll::Ready(Err(Error::internal("polled after it was ready")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_across_threads() {
        let (s, p) = pending();
        let t = std::thread::spawn(move || s.settle(Ok(7)));
        assert_eq!(p.wait().unwrap(), 7);
        t.join().unwrap();
    }

    #[test]
    fn a_lost_settler_is_an_error_not_a_hang() {
        let (s, p) = pending::<u8>();
        drop(s);
        assert_eq!(p.wait().unwrap_err().code(), "INTERNAL");
    }

    #[test]
    fn hooks_run_once_in_either_order() {
        let (s, p) = pending();
        let (tx, rx) = std::sync::mpsc::channel();
        let tx2 = tx.clone();
        p.on_settle(move |r| tx.send(r.unwrap()).unwrap());
        s.settle(Ok(1));
        Pending::ready(Ok(2)).on_settle(move |r| tx2.send(r.unwrap()).unwrap());
        assert_eq!(rx.iter().take(2).collect::<Vec<_>>(), [1, 2]);
    }
}
