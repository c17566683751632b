//! The way back to the JavaScript thread: one threadsafe function per environment, over which any thread sends jobs.
//!
//! napi-rs makes a threadsafe function per promise (a libuv handle each); one per environment costs nothing per call
//! and settles many promises per turn of the loop.

use std::cell::RefCell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use napi::sys;

use super::{Env, Js};
use crate::error::Fail;

type Job = Box<dyn for<'e> FnOnce(Env<'e>) + Send>;
type Teardown = Box<dyn FnOnce() + Send>;

/// A promise to be settled, from a job.
pub(crate) struct Deferred(sys::napi_deferred);

/// A JavaScript function to be called and released, from jobs.
pub(crate) struct Callback(sys::napi_ref);

// SAFETY: both are only carried by other threads; every use takes an `Env`, which exists on the owning thread alone.
unsafe impl Send for Deferred {}
unsafe impl Send for Callback {}

struct Function(sys::napi_threadsafe_function);
// SAFETY: Node allows calls and release of a threadsafe function from any thread.
unsafe impl Send for Function {}

/// The channel of an environment.
pub(crate) struct Channel {
    /// `None` once the environment goes down: jobs are dropped from then on. Held while calling, so that teardown
    /// never frees the function under a caller.
    function: Mutex<Option<Function>>,
    /// Promises not settled yet; only touched on the JavaScript thread.
    in_flight: AtomicUsize,
    /// What to do when the environment goes down.
    teardown: Mutex<Vec<Teardown>>,
}

thread_local! {
    // An environment lives on one thread; embedders may run several on the same one.
    static CHANNELS: RefCell<Vec<(sys::napi_env, Arc<Channel>)>> = const { RefCell::new(Vec::new()) };
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Channel {
    /// The environment's channel, opened on first use.
    pub(crate) fn of(env: Env<'_>) -> Result<Arc<Self>, Fail> {
        let known = CHANNELS.with_borrow(|all| all.iter().find(|(e, _)| *e == env.0).map(|(_, c)| Arc::clone(c)));
        if let Some(channel) = known {
            return Ok(channel);
        }
        let name = env.of_text("fluorite")?;
        let mut f = ptr::null_mut();
        // SAFETY: see the module. Unlimited queue, one owner (this channel), no JavaScript function.
        let status = unsafe {
            let none = ptr::null_mut();
            sys::napi_create_threadsafe_function(
                env.0,
                none,
                none,
                name.0,
                0,
                1,
                none.cast(),
                None,
                none.cast(),
                Some(run),
                &mut f,
            )
        };
        env.check(status)?;
        let channel = Arc::new(Self {
            function: Mutex::new(Some(Function(f))),
            in_flight: AtomicUsize::new(0),
            teardown: Mutex::new(Vec::new()),
        });
        // SAFETY: see the module. Unreferenced: an idle bridge does not keep the process alive. The hook is added after
        // the function, so it runs before Node frees the function (hooks run in reverse order); it owns one reference.
        let status = unsafe {
            sys::napi_unref_threadsafe_function(env.0, f);
            sys::napi_add_env_cleanup_hook(env.0, Some(going_down), Arc::into_raw(Arc::clone(&channel)).cast_mut().cast())
        };
        env.check(status)?;
        CHANNELS.with_borrow_mut(|all| all.push((env.0, Arc::clone(&channel))));
        Ok(channel)
    }

    /// Runs `job` on the JavaScript thread; drops it when the environment is gone.
    pub(crate) fn send(&self, job: impl for<'e> FnOnce(Env<'e>) + Send + 'static) {
        let job: Box<Job> = Box::new(Box::new(job));
        if let Some(f) = &*lock(&self.function) {
            let data = Box::into_raw(job);
            // SAFETY: the function is alive while the lock is held; `run` takes the box back, and so do we on refusal.
            unsafe {
                let mode = sys::ThreadsafeFunctionCallMode::nonblocking;
                if sys::napi_call_threadsafe_function(f.0, data.cast(), mode) != sys::Status::napi_ok {
                    drop(Box::from_raw(data));
                }
            }
        }
    }

    /// A promise that keeps the process alive until it is settled.
    pub(crate) fn promise<'e>(&self, env: Env<'e>) -> Result<(Deferred, Js<'e>), Fail> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: see the module.
        let status = unsafe { sys::napi_create_promise(env.0, &mut deferred, &mut promise) };
        env.check(status)?;
        if self.in_flight.fetch_add(1, Ordering::Relaxed) == 0
            && let Some(f) = &*lock(&self.function)
        {
            // SAFETY: see the module.
            unsafe { sys::napi_ref_threadsafe_function(env.0, f.0) };
        }
        Ok((Deferred(deferred), Js(promise, PhantomData)))
    }

    /// Settles a promise of this channel.
    pub(crate) fn settle<'e>(&self, env: Env<'e>, deferred: Deferred, result: Result<Js<'e>, Fail>) {
        // SAFETY: see the module; a deferred is consumed here, once. A terminating environment refuses: nobody listens.
        unsafe {
            match result {
                Ok(value) => sys::napi_resolve_deferred(env.0, deferred.0, value.0),
                Err(fail) => match env.error(&fail) {
                    Ok(error) => sys::napi_reject_deferred(env.0, deferred.0, error.0),
                    Err(_) => sys::Status::napi_generic_failure,
                },
            };
        }
        if self.in_flight.fetch_sub(1, Ordering::Relaxed) == 1
            && let Some(f) = &*lock(&self.function)
        {
            // SAFETY: see the module.
            unsafe { sys::napi_unref_threadsafe_function(env.0, f.0) };
        }
    }

    /// Adds work for the moment the environment goes down; it runs on the JavaScript thread and may block.
    pub(crate) fn on_teardown(&self, work: impl FnOnce() + Send + 'static) {
        lock(&self.teardown).push(Box::new(work));
    }
}

impl Callback {
    pub(crate) fn new<'e>(env: Env<'e>, function: Js<'e>) -> Result<Self, Fail> {
        env.ask(ptr::null_mut(), |env, r| unsafe { sys::napi_create_reference(env, function.0, 1, r) }).map(Self) // SAFETY: see the module
    }

    /// Calls the function; what it throws is dropped (the facade's functions do not throw).
    pub(crate) fn call<'e>(&self, env: Env<'e>, arguments: &[Js<'e>]) -> Result<(), Fail> {
        let this = env.undefined()?;
        let handles: Vec<sys::napi_value> = arguments.iter().map(|v| v.0).collect();
        let (mut function, mut returned) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: see the module; the reference is strong until `release`.
        let status = unsafe {
            env.check(sys::napi_get_reference_value(env.0, self.0, &mut function))?;
            sys::napi_call_function(env.0, this.0, function, handles.len(), handles.as_ptr(), &mut returned)
        };
        env.check(status)
    }

    pub(crate) fn release(self, env: Env<'_>) {
        // SAFETY: see the module; consumed here, once.
        unsafe { sys::napi_delete_reference(env.0, self.0) };
    }
}

/// Takes a job from the queue; with a null environment the queue is only being emptied.
extern "C" fn run(env: sys::napi_env, _function: sys::napi_value, _context: *mut c_void, data: *mut c_void) {
    // SAFETY: `send` made this pointer from a box and gives it up once.
    let job = unsafe { Box::from_raw(data.cast::<Job>()) };
    if !env.is_null() {
        let env = Env(env, PhantomData);
        // A panic must not cross into C++; the job's promise stays open, which is the lesser evil.
        let _ = catch_unwind(AssertUnwindSafe(|| job(env)));
        env.take_exception();
    }
}

/// The environment goes down: no more jobs, then the owners of engines close them.
unsafe extern "C" fn going_down(data: *mut c_void) {
    // SAFETY: `of` leaked this reference for the hook, which runs once.
    let channel = unsafe { Arc::from_raw(data.cast::<Channel>()) };
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _ = CHANNELS.try_with(|all| all.borrow_mut().retain(|(_, c)| !Arc::ptr_eq(c, &channel)));
        if let Some(f) = lock(&channel.function).take() {
            // SAFETY: taken out under the lock: no thread calls it any more, and none will.
            unsafe { sys::napi_release_threadsafe_function(f.0, sys::ThreadsafeFunctionReleaseMode::abort) };
        }
        let work = std::mem::take(&mut *lock(&channel.teardown));
        for job in work {
            job();
        }
    }));
}
