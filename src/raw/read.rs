//! JavaScript values in.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ptr;

use fluorite_memory::Error;
use napi::sys;

use super::{Env, Js};
use crate::error::Fail;

/// Strings up to this many bytes are read with one call.
const SCRATCH: usize = 64 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH]);
}

/// What a value is, as far as input goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Undefined,
    Null,
    Bool,
    Number,
    Text,
    List,
    Object,
    Numbers,
    Date,
    /// Never data; the word for it.
    Other(&'static str),
}

/// Text as JavaScript holds it.
pub(crate) enum Text {
    Well(String),
    /// It has lone surrogates; they are U+FFFD here.
    Ill(String),
}

impl Text {
    pub(crate) fn lossy(self) -> String {
        match self {
            Self::Well(s) | Self::Ill(s) => s,
        }
    }
}

/// The content of a typed array.
pub(crate) enum Numbers {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

// SAFETY (one-liners): see the module.
impl<'e> Env<'e> {
    /// What the value is. Runs no JavaScript.
    pub(crate) fn kind(self, v: Js<'e>) -> Kind {
        let mut t = sys::ValueType::napi_undefined;
        // SAFETY: see the module.
        unsafe { sys::napi_typeof(self.0, v.0, &mut t) };
        match t {
            sys::ValueType::napi_undefined => Kind::Undefined,
            sys::ValueType::napi_null => Kind::Null,
            sys::ValueType::napi_boolean => Kind::Bool,
            sys::ValueType::napi_number => Kind::Number,
            sys::ValueType::napi_string => Kind::Text,
            sys::ValueType::napi_object => self.object_kind(v),
            sys::ValueType::napi_function => Kind::Other("a function"),
            sys::ValueType::napi_symbol => Kind::Other("a symbol"),
            sys::ValueType::napi_bigint => Kind::Other("a bigint"),
            _ => Kind::Other("a foreign value"),
        }
    }

    fn object_kind(self, v: Js<'e>) -> Kind {
        type Test = unsafe fn(sys::napi_env, sys::napi_value, *mut bool) -> sys::napi_status;
        let is = |test: Test| {
            let mut yes = false;
            // SAFETY: see the module.
            unsafe { test(self.0, v.0, &mut yes) };
            yes
        };
        if is(sys::napi_is_array) {
            Kind::List
        } else if is(sys::napi_is_typedarray) {
            Kind::Numbers
        } else if is(sys::napi_is_date) {
            Kind::Date
        } else if is(sys::napi_is_arraybuffer) || is(sys::napi_is_dataview) {
            Kind::Other("an ArrayBuffer or DataView")
        } else if is(sys::napi_is_promise) {
            Kind::Other("a Promise")
        } else {
            Kind::Object
        }
    }

    pub(crate) fn bool(self, v: Js<'e>) -> Result<bool, Fail> {
        self.ask(false, |env, out| unsafe { sys::napi_get_value_bool(env, v.0, out) })
    }

    pub(crate) fn number(self, v: Js<'e>) -> Result<f64, Fail> {
        self.ask(0.0, |env, out| unsafe { sys::napi_get_value_double(env, v.0, out) })
    }

    /// Milliseconds since the epoch; NaN for an invalid date.
    pub(crate) fn date(self, v: Js<'e>) -> Result<f64, Fail> {
        self.ask(0.0, |env, out| unsafe { sys::napi_get_date_value(env, v.0, out) })
    }

    /// Are the handles of the same value? Runs no JavaScript.
    pub(crate) fn same(self, a: Js<'e>, b: Js<'e>) -> bool {
        self.ask(false, |env, out| unsafe { sys::napi_strict_equals(env, a.0, b.0, out) }).unwrap_or(false)
    }

    /// The text, told apart by whether it is well formed.
    pub(crate) fn text(self, v: Js<'e>) -> Result<Text, Fail> {
        let bytes = BUFFER.with_borrow_mut(|buffer| {
            let written = self.utf8(v, buffer)?;
            // V8 writes no partial character: less than one short of the end means all of it.
            if written + 4 < buffer.len() {
                return Ok(buffer[..written].to_vec());
            }
            let mut whole = vec![0; self.utf8(v, &mut [])? + 1];
            let written = self.utf8(v, &mut whole)?;
            whole.truncate(written);
            Ok::<_, Fail>(whole)
        })?;
        let replaced = !bytes.is_ascii() && bytes.windows(3).any(|w| w == [0xEF, 0xBF, 0xBD]);
        let text = String::from_utf8(bytes).map_err(|_| Error::internal("V8 wrote ill-formed UTF-8"))?;
        if replaced && !self.well_formed(v)? { Ok(Text::Ill(text)) } else { Ok(Text::Well(text)) }
    }

    /// Bytes written, the terminator not counted; with an empty buffer, the bytes there are.
    fn utf8(self, v: Js<'e>, buffer: &mut [u8]) -> Result<usize, Fail> {
        let at = if buffer.is_empty() { ptr::null_mut() } else { buffer.as_mut_ptr().cast() };
        // SAFETY: see the module; at most `buffer.len()` bytes are written, none through a null pointer.
        self.ask(0, |env, written| unsafe { sys::napi_get_value_string_utf8(env, v.0, at, buffer.len(), written) })
    }

    /// U+FFFD may be the caller's own: only the UTF-16 tells.
    fn well_formed(self, v: Js<'e>) -> Result<bool, Fail> {
        let read = |at: *mut u16, room| {
            // SAFETY: see the module; at most `room` units are written, and a null buffer asks for the length.
            self.ask(0, |env, units| unsafe { sys::napi_get_value_string_utf16(env, v.0, at, room, units) })
        };
        let mut buffer = vec![0u16; read(ptr::null_mut(), 0)? + 1];
        let units = read(buffer.as_mut_ptr(), buffer.len())?;
        buffer.truncate(units);
        Ok(char::decode_utf16(buffer).all(|c| c.is_ok()))
    }

    /// Length of an array.
    pub(crate) fn length(self, list: Js<'e>) -> Result<u32, Fail> {
        self.ask(0, |env, n| unsafe { sys::napi_get_array_length(env, list.0, n) })
    }

    /// An element; `Err` with the message of what a getter or trap threw.
    pub(crate) fn element(self, list: Js<'e>, i: u32) -> Result<Js<'e>, String> {
        let mut v = ptr::null_mut();
        // SAFETY: see the module.
        let status = unsafe { sys::napi_get_element(self.0, list.0, i, &mut v) };
        self.got(status, v)
    }

    /// A member; `Err` with the message of what a getter or trap threw.
    pub(crate) fn member(self, object: Js<'e>, key: Js<'e>) -> Result<Js<'e>, String> {
        let mut v = ptr::null_mut();
        // SAFETY: see the module.
        let status = unsafe { sys::napi_get_property(self.0, object.0, key.0, &mut v) };
        self.got(status, v)
    }

    /// The own enumerable string keys, as an array.
    pub(crate) fn keys(self, object: Js<'e>) -> Result<Js<'e>, String> {
        let mut v = ptr::null_mut();
        // SAFETY: see the module.
        let status = unsafe {
            sys::napi_get_all_property_names(
                self.0,
                object.0,
                sys::KeyCollectionMode::own_only,
                sys::KeyFilter::enumerable | sys::KeyFilter::skip_symbols,
                sys::KeyConversion::numbers_to_strings,
                &mut v,
            )
        };
        self.got(status, v)
    }

    /// Is it an object literal (of any realm), not a Map, a RegExp or the like? Asked of objects without own members.
    pub(crate) fn is_plain(self, object: Js<'e>) -> bool {
        let prototype = |of: sys::napi_value| {
            let mut v = ptr::null_mut();
            // SAFETY: see the module.
            let status = unsafe { sys::napi_get_prototype(self.0, of, &mut v) };
            self.got(status, v).ok().filter(|v| self.kind(*v) != Kind::Null)
        };
        prototype(object.0).and_then(|p| prototype(p.0)).is_none()
    }

    /// The content of a typed array, copied.
    pub(crate) fn numbers(self, v: Js<'e>) -> Result<Numbers, String> {
        let (mut kind, mut length, mut data, mut buffer) = (0, 0, ptr::null_mut(), ptr::null_mut());
        // SAFETY: see the module.
        let status = unsafe {
            let offset = ptr::null_mut();
            sys::napi_get_typedarray_info(self.0, v.0, &mut kind, &mut length, &mut data, &mut buffer, offset)
        };
        self.got(status, v.0)?;
        let (mut own, mut detached) = (false, false);
        // SAFETY: see the module.
        unsafe {
            sys::napi_is_arraybuffer(self.0, buffer, &mut own);
            sys::napi_is_detached_arraybuffer(self.0, buffer, &mut detached);
        }
        if !own {
            return Err("shared memory can change while it is read; pass a copy".into());
        }
        if detached {
            return Err("its buffer is detached (it was transferred to another thread)".into());
        }
        let empty = length == 0 || data.is_null();
        match kind {
            // SAFETY: `data` holds `length` bytes, which no JavaScript can change before this function returns.
            sys::TypedarrayType::uint8_array | sys::TypedarrayType::uint8_clamped_array => Ok(Numbers::Bytes(if empty {
                Vec::new()
            } else {
                unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }.to_vec()
            })),
            // SAFETY: as above, `length` floats; V8 aligns Float32Arrays to their element.
            sys::TypedarrayType::float32_array => Ok(Numbers::Floats(if empty {
                Vec::new()
            } else {
                unsafe { std::slice::from_raw_parts(data.cast::<f32>(), length) }.to_vec()
            })),
            _ => Err("expected a Uint8Array, a Buffer or a Float32Array".into()),
        }
    }

    fn got(self, status: sys::napi_status, v: sys::napi_value) -> Result<Js<'e>, String> {
        if status == sys::Status::napi_ok {
            return Ok(Js(v, PhantomData));
        }
        Err(self
            .take_exception()
            .map_or_else(|| format!("it cannot be read (status {status})"), |m| format!("reading it threw: {m}")))
    }
}
