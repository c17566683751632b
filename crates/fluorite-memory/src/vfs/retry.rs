//! Calls that a signal interrupts, or that move only a part of the bytes, go on until all is done.

use std::io;

use crate::mutants::mutant;

/// Times in a row a call is repeated: a storm of signals ends as an error, not as a thread that hangs.
const MOST_INTERRUPTIONS: usize = 100;

/// Repeats a call while it is interrupted (EINTR). It must have done nothing then.
pub fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 1..MOST_INTERRUPTIONS {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
    call()
}

/// Writes all of `buf`, in as many calls as it takes.
pub fn write_all(buf: &[u8], offset: u64, mut write: impl FnMut(&[u8], u64) -> io::Result<usize>) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match uninterrupted(|| write(&buf[done..], offset + done as u64))? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            _ if mutant!("short_write_taken_for_whole") => return Ok(()),
            n => done += n,
        }
    }
    Ok(())
}

/// Fills `buf`, in as many calls as it takes; `UnexpectedEof` when the file ends before.
pub fn read_all(buf: &mut [u8], offset: u64, mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match uninterrupted(|| read(&mut buf[done..], offset + done as u64))? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done += n,
        }
    }
    Ok(())
}
