//! JavaScript values out.

use std::ptr;

use napi::sys;

use super::{Env, Js};
use crate::error::Fail;

// SAFETY (one-liners): see the module.
impl<'e> Env<'e> {
    pub(crate) fn undefined(self) -> Result<Js<'e>, Fail> {
        self.make(|env, v| unsafe { sys::napi_get_undefined(env, v) })
    }

    pub(crate) fn null(self) -> Result<Js<'e>, Fail> {
        self.make(|env, v| unsafe { sys::napi_get_null(env, v) })
    }

    pub(crate) fn of_bool(self, b: bool) -> Result<Js<'e>, Fail> {
        self.make(|env, v| unsafe { sys::napi_get_boolean(env, b, v) })
    }

    pub(crate) fn of_number(self, n: f64) -> Result<Js<'e>, Fail> {
        self.make(|env, v| unsafe { sys::napi_create_double(env, n, v) })
    }

    /// Counts; exact up to 2^53.
    #[allow(clippy::cast_precision_loss)] // no counter gets there
    pub(crate) fn of_count(self, n: u64) -> Result<Js<'e>, Fail> {
        self.of_number(n as f64)
    }

    pub(crate) fn of_text(self, s: &str) -> Result<Js<'e>, Fail> {
        self.of_utf8(s.as_bytes())
    }

    /// Bytes as text; ASCII is copied as it is, what is not UTF-8 becomes U+FFFD (V8 does it).
    #[allow(clippy::cast_possible_wrap)] // no text comes near 2^63 bytes
    pub(crate) fn of_utf8(self, bytes: &[u8]) -> Result<Js<'e>, Fail> {
        let (at, n) = (bytes.as_ptr().cast(), bytes.len() as isize);
        let create = if bytes.is_ascii() { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
        // SAFETY: see the module; `n` bytes are read from `bytes` and copied.
        self.make(|env, v| unsafe { create(env, at, n, v) })
    }

    /// An array of this length, its elements still holes.
    pub(crate) fn list(self, length: usize) -> Result<Js<'e>, Fail> {
        self.make(|env, v| unsafe { sys::napi_create_array_with_length(env, length, v) })
    }

    #[allow(clippy::cast_possible_truncation)] // arrays built here are far below 2^32
    pub(crate) fn put(self, list: Js<'e>, i: usize, value: Js<'e>) -> Result<(), Fail> {
        self.check(unsafe { sys::napi_set_element(self.0, list.0, i as u32, value.0) })
    }

    pub(crate) fn list_of<T>(self, items: &[T], make: impl Fn(Self, &T) -> Result<Js<'e>, Fail>) -> Result<Js<'e>, Fail> {
        let list = self.list(items.len())?;
        for (i, item) in items.iter().enumerate() {
            self.put(list, i, make(self, item)?)?;
        }
        Ok(list)
    }

    pub(crate) fn texts(self, texts: &[String]) -> Result<Js<'e>, Fail> {
        self.list_of(texts, |env, s| env.of_text(s))
    }

    /// A Buffer with a copy of the bytes.
    pub(crate) fn buffer(self, bytes: &[u8]) -> Result<Js<'e>, Fail> {
        let mut data = ptr::null_mut();
        // SAFETY: see the module; `bytes` is copied.
        self.make(|env, v| unsafe { sys::napi_create_buffer_copy(env, bytes.len(), bytes.as_ptr().cast(), &mut data, v) })
    }

    /// A Float32Array with a copy of the numbers.
    pub(crate) fn floats(self, floats: &[f32]) -> Result<Js<'e>, Fail> {
        let (bytes, mut data) = (size_of_val(floats), ptr::null_mut());
        let buffer = self.make(|env, v| unsafe { sys::napi_create_arraybuffer(env, bytes, &mut data, v) })?;
        if bytes > 0 {
            // SAFETY: the new buffer has `bytes` bytes, all written before JavaScript sees it.
            unsafe { ptr::copy_nonoverlapping(floats.as_ptr().cast::<u8>(), data.cast::<u8>(), bytes) };
        }
        let kind = sys::TypedarrayType::float32_array;
        self.make(|env, v| unsafe { sys::napi_create_typedarray(env, kind, floats.len(), buffer.0, 0, v) })
    }

    /// An Error with `message` and `code`.
    pub(crate) fn error(self, fail: &Fail) -> Result<Js<'e>, Fail> {
        let (code, message) = (self.of_text(fail.code())?, self.of_text(&fail.message())?);
        self.make(|env, v| unsafe { sys::napi_create_error(env, code.0, message.0, v) })
    }
}
