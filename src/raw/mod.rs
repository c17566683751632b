//! The only unsafe code of the binding: Node-API calls behind values that cannot outlive the call they came from.
//!
//! napi-rs wrappers allocate and check per value what a bulk load of 100 k chunks cannot afford, and their argument
//! conversion throws its own errors. Everything above this folder is safe code.
//!
//! SAFETY (holds for every block below): an `Env` exists only inside `enter` or a channel job, both of which Node runs
//! on the environment's own thread with an open handle scope; `Env` and `Js` carry that scope's lifetime and are
//! neither `Send` nor `Sync`, so handles reach no other thread and no later call. Out-pointers point at live locals.
#![allow(unsafe_code)]

mod channel;
mod read;
mod write;

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use fluorite_memory::Error;
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{ValueType, sys};

use crate::error::Fail;

pub(crate) use channel::{Callback, Channel};
pub(crate) use read::{Kind, Numbers, Text};

/// The JavaScript environment, for the duration of one call.
#[derive(Clone, Copy)]
pub(crate) struct Env<'e>(sys::napi_env, PhantomData<&'e ()>);

/// A JavaScript value, for the duration of one call.
#[derive(Clone, Copy)]
pub(crate) struct Js<'e>(sys::napi_value, PhantomData<&'e ()>);

/// An argument of an export as it came: conversion never fails and never throws. Only `Env::arg` opens it.
#[derive(Clone, Copy)]
pub struct Arg(sys::napi_value);

/// What an export returns; null while an exception is pending.
pub type Returned = sys::napi_value;

impl FromNapiValue for Arg {
    unsafe fn from_napi_value(_env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        Ok(Self(value))
    }
}

impl TypeName for Arg {
    fn type_name() -> &'static str {
        "unknown"
    }
    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl ValidateNapiValue for Arg {
    unsafe fn validate(_env: sys::napi_env, _value: sys::napi_value) -> napi::Result<sys::napi_value> {
        Ok(ptr::null_mut())
    }
}

/// Runs the body of an export: its failure, or its panic, becomes the exception that JavaScript sees.
pub(crate) fn enter(env: napi::Env, body: impl for<'e> FnOnce(Env<'e>) -> Result<Js<'e>, Fail>) -> Returned {
    let env = Env(env.raw(), PhantomData);
    let fail = match catch_unwind(AssertUnwindSafe(|| body(env))) {
        Ok(Ok(value)) => return value.0,
        Ok(Err(fail)) => fail,
        Err(panic) => Fail::panic(&*panic),
    };
    if let Ok(error) = env.error(&fail) {
        // SAFETY: see the module.
        unsafe { sys::napi_throw(env.0, error.0) };
    }
    ptr::null_mut()
}

impl<'e> Env<'e> {
    /// The argument, tied to this call.
    pub(crate) fn arg(self, arg: Arg) -> Js<'e> {
        Js(arg.0, PhantomData)
    }

    /// What one Node-API call makes.
    fn make(self, call: impl FnOnce(sys::napi_env, *mut sys::napi_value) -> sys::napi_status) -> Result<Js<'e>, Fail> {
        let mut value = ptr::null_mut();
        self.check(call(self.0, &mut value))?;
        Ok(Js(value, PhantomData))
    }

    /// What one Node-API call says of a value.
    fn ask<T>(self, start: T, call: impl FnOnce(sys::napi_env, &mut T) -> sys::napi_status) -> Result<T, Fail> {
        let mut value = start;
        self.check(call(self.0, &mut value))?;
        Ok(value)
    }

    /// The failure of a status. A pending exception is taken away: it must not surface behind the error that is
    /// reported instead.
    fn check(self, status: sys::napi_status) -> Result<(), Fail> {
        if status == sys::Status::napi_ok {
            return Ok(());
        }
        let message = self.take_exception().unwrap_or_else(|| format!("Node-API status {status}"));
        Err(Error::internal(message).into())
    }

    /// Clears the pending exception, if any, and returns its message.
    pub(crate) fn take_exception(self) -> Option<String> {
        let (mut pending, mut thrown) = (false, ptr::null_mut());
        // SAFETY: see the module; both calls are allowed while an exception is pending.
        unsafe {
            sys::napi_is_exception_pending(self.0, &mut pending);
            if !pending || sys::napi_get_and_clear_last_exception(self.0, &mut thrown) != sys::Status::napi_ok {
                return None;
            }
        }
        Some(self.message_of(Js(thrown, PhantomData)).unwrap_or_else(|| "an exception without a message".to_owned()))
    }

    /// The `message` of a thrown value, or the value when it is text. Runs no more than one getter, whose exception is dropped.
    fn message_of(self, thrown: Js<'e>) -> Option<String> {
        let text = match self.kind(thrown) {
            Kind::Object | Kind::List => {
                let mut value = ptr::null_mut();
                // SAFETY: see the module.
                let status = unsafe { sys::napi_get_named_property(self.0, thrown.0, c"message".as_ptr(), &mut value) };
                if status != sys::Status::napi_ok {
                    let mut dropped = ptr::null_mut();
                    // SAFETY: see the module.
                    unsafe { sys::napi_get_and_clear_last_exception(self.0, &mut dropped) };
                    return None;
                }
                Js(value, PhantomData)
            }
            _ => thrown,
        };
        match self.kind(text) {
            Kind::Text => self.text(text).ok().map(Text::lossy),
            _ => None,
        }
    }
}
