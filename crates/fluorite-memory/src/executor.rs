//! Where work runs: a bounded pool of threads, or the calling thread (simulation).
//!
//! Two queues: foreground calls first, background work (indexing, embedding behind, compaction) only when no call waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queues {
    foreground: VecDeque<Job>,
    background: VecDeque<Job>,
    closed: bool,
    /// What the first background job that panicked said.
    failure: Option<String>,
}

#[derive(Default)]
struct Shared {
    queues: Mutex<Queues>,
    wake: Condvar,
}

/// Runs jobs.
pub struct Executor {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    inline: bool,
    count: usize,
}

impl Executor {
    /// A pool of `threads` threads. A panicking job is contained; its thread goes on.
    pub fn pool(threads: usize) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let mut handles = Vec::with_capacity(threads);
        for i in 0..threads {
            let shared = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name(format!("fluorite-{i}")).stack_size(STACK);
            handles.push(builder.spawn(move || work(&shared))?);
        }
        Ok(Self { shared, threads: Mutex::new(handles), inline: false, count: threads })
    }

    /// Foreground jobs run at once on the calling thread, background jobs when `step` is called: fully deterministic.
    #[must_use]
    pub fn inline() -> Self {
        Self { shared: Arc::default(), threads: Mutex::default(), inline: true, count: 0 }
    }

    /// True for the inline stepper.
    #[must_use]
    pub fn is_inline(&self) -> bool {
        self.inline
    }

    /// Threads of the pool.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.count
    }

    /// Runs a job for a waiting caller.
    pub fn spawn(&self, job: impl FnOnce() + Send + 'static) {
        if self.inline {
            job();
            return;
        }
        let mut q = self.shared.queues.lock();
        if !q.closed {
            q.foreground.push_back(Box::new(job));
            drop(q);
            self.shared.wake.notify_one();
        }
    }

    /// Runs a job when no caller waits.
    pub fn spawn_background(&self, job: impl FnOnce() + Send + 'static) {
        let mut q = self.shared.queues.lock();
        if !q.closed {
            q.background.push_back(Box::new(job));
            drop(q);
            self.shared.wake.notify_one();
        }
    }

    /// Runs a job of seconds or minutes on a thread of its own, so that no call waits behind it; `join` waits for it. With the
    /// inline stepper it is a background job. False when no thread could be started.
    pub fn spawn_long(&self, name: &str, job: impl FnOnce() + Send + 'static) -> bool {
        if self.inline {
            self.spawn_background(job);
            return true;
        }
        self.start(name, STACK, job)
    }

    fn start(&self, name: &str, stack: usize, job: impl FnOnce() + Send + 'static) -> bool {
        // without a thread the job is dropped here, behind the lock: dropping it may start another
        let job = Arc::new(Mutex::new(Some(job)));
        let theirs = Arc::clone(&job);
        let shared = Arc::clone(&self.shared);
        let contained = move || {
            if let Some(job) = { theirs.lock().take() }
                && let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job))
            {
                shared.note(&*panic);
            }
        };
        let mut threads = self.threads.lock();
        threads.retain(|t| !t.is_finished());
        let started = std::thread::Builder::new().name(format!("fluorite-{name}")).stack_size(stack).spawn(contained);
        started.map(|handle| threads.push(handle)).is_ok()
    }

    /// The first panic of a background job or of one on a thread of its own: what it was doing is not done.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.queues.lock().failure.clone()
    }

    /// Runs one background job on the calling thread; false when there was none.
    pub fn step(&self) -> bool {
        let job = self.shared.queues.lock().background.pop_front();
        match job {
            Some(job) => {
                job();
                true
            }
            None => false,
        }
    }

    /// Drops queued jobs, waits for running ones, joins the threads. Idempotent; never call it from a pool thread.
    pub fn join(&self) {
        {
            let mut q = self.shared.queues.lock();
            q.closed = true;
            let dropped = (std::mem::take(&mut q.foreground), std::mem::take(&mut q.background));
            drop(q);
            drop(dropped); // outside the lock: a dropped job may settle promises
        }
        self.shared.wake.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for handle in threads {
            let _ = handle.join();
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        self.join();
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor").field("threads", &self.count).field("inline", &self.inline).finish_non_exhaustive()
    }
}

/// Pool threads get a smaller share of a busy core than the host's own threads: the event loop comes first.
fn give_way() {
    lower_priority(NICE);
}

/// Gives the calling thread a smaller share of a busy core.
pub(crate) fn lower_priority(nice: i32) {
    #[cfg(target_os = "linux")] // elsewhere niceness belongs to the process
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice);
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}

const NICE: i32 = 5;
/// Bytes of a thread's stack.
const STACK: usize = 4 << 20;

fn work(shared: &Shared) {
    give_way();
    loop {
        let mut q = shared.queues.lock();
        let (job, waited_for) = loop {
            if let Some(job) = q.foreground.pop_front() {
                break (job, true);
            }
            if let Some(job) = q.background.pop_front() {
                break (job, false);
            }
            if q.closed {
                return;
            }
            shared.wake.wait(&mut q);
        };
        drop(q);
        // A panic is a defect; its caller gets INTERNAL from the dropped Settler, the others go on.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
        if let Err(panic) = done
            && !waited_for
        {
            shared.note(&*panic);
        }
    }
}

impl Shared {
    /// Keeps the first panic: nobody waits for background work, so `health` has to tell.
    fn note(&self, panic: &(dyn std::any::Any + Send)) {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
        self.queues.lock().failure.get_or_insert_with(|| text.unwrap_or_else(|| "a panic".into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    #[test]
    fn foreground_runs_before_background() {
        let pool = Executor::pool(1).unwrap();
        let (tx, rx) = channel();
        let (gate_tx, gate_rx) = channel::<()>();
        pool.spawn(move || gate_rx.recv().unwrap());
        let t = tx.clone();
        pool.spawn_background(move || t.send("background").unwrap());
        pool.spawn(move || tx.send("foreground").unwrap());
        gate_tx.send(()).unwrap();
        assert_eq!(rx.iter().collect::<Vec<_>>(), ["foreground", "background"]);
    }

    #[test]
    fn a_panic_does_not_end_the_pool() {
        let pool = Executor::pool(1).unwrap();
        let (tx, rx) = channel();
        pool.spawn(|| panic!("planted"));
        pool.spawn(move || tx.send(1).unwrap());
        assert_eq!(rx.recv().unwrap(), 1);
    }

    #[test]
    fn a_panic_nobody_waits_for_is_kept() {
        let pool = Executor::pool(1).unwrap();
        let (tx, rx) = channel();
        pool.spawn(|| panic!("told to its caller"));
        pool.spawn_background(|| panic!("planted {}", 7));
        pool.spawn_background(move || tx.send(1).unwrap());
        assert_eq!(rx.recv().unwrap(), 1);
        assert_eq!(pool.failure().as_deref(), Some("planted 7"));
        pool.spawn_long("other", || panic!("later"));
        pool.join();
        assert_eq!(pool.failure().as_deref(), Some("planted 7"), "the first");
    }

    #[test]
    fn join_waits_for_running_jobs() {
        let pool = Executor::pool(2).unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        let (started_tx, started_rx) = channel();
        let d = Arc::clone(&done);
        pool.spawn(move || {
            started_tx.send(()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
            d.store(1, Ordering::SeqCst);
        });
        started_rx.recv().unwrap();
        pool.join();
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_job_without_a_thread_may_start_another_as_it_is_dropped() {
        struct Next(Arc<Executor>, std::sync::mpsc::Sender<()>);
        impl Drop for Next {
            fn drop(&mut self) {
                let told = self.1.clone();
                assert!(self.0.spawn_long("next", move || told.send(()).unwrap()));
            }
        }
        let (tx, rx) = channel();
        let pool = Arc::new(Executor::pool(1).unwrap());
        let next = Next(Arc::clone(&pool), tx);
        let another = Arc::clone(&pool);
        std::thread::spawn(move || {
            let started = another.start("huge", 1 << 47, move || drop(next));
            assert!(!started, "a thread with a stack of all there is");
        });
        rx.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    }

    #[test]
    fn inline_steps_background_on_demand() {
        let e = Executor::inline();
        let n = Arc::new(AtomicUsize::new(0));
        let m = Arc::clone(&n);
        e.spawn_background(move || {
            m.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(n.load(Ordering::SeqCst), 0);
        assert!(e.step() && !e.step());
        assert_eq!(n.load(Ordering::SeqCst), 1);
    }
}
