//! JavaScript values to `input::Value`, within limits, naming the path of what cannot be data.

use fluorite_memory::Error;
use fluorite_memory::input::{self, Value};
use serde::de::DeserializeOwned;

use crate::error::Fail;
use crate::raw::{Env, Js, Kind, Numbers, Text};
use crate::time;

/// Deepest nesting; cyclic objects end here.
const MAX_DEPTH: usize = 64;
/// Keys of a path that a message shows.
const SHOWN: usize = 8;
/// Most values in one argument.
const MAX_NODES: usize = 1_000_000;

/// Why a value is refused, and where it lies (innermost key first).
pub(crate) struct Refused {
    path: Vec<String>,
    message: String,
    ill_formed: bool,
}

impl Refused {
    fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into(), ill_formed: false }
    }

    pub(crate) fn at(mut self, key: impl Into<String>) -> Self {
        self.path.push(key.into());
        self
    }

    /// The failure; ill-formed text in `id` of a chunk is `INVALID_ID`.
    pub(crate) fn fail(self) -> Fail {
        if self.ill_formed && self.path.first().is_some_and(|k| k == "id") && self.path.len() <= 3 {
            return Error::InvalidId { message: self.message }.into();
        }
        let mut path: Vec<&str> = self.path.iter().rev().map(String::as_str).take(SHOWN).collect();
        if self.path.len() > SHOWN {
            path.push("…");
        }
        Fail::argument(format!("{}: {}", path.join("."), self.message))
    }
}

struct Reader<'e> {
    env: Env<'e>,
    nodes: usize,
    within: Within,
}

/// Where an object stands: what `undefined` means there depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Anything,
    Filter,
    /// The `metadata` of a filter: every member is a condition, and one that falls away lets more through, or deletes more.
    Conditions,
}

impl Within {
    fn member(self, name: &str) -> Self {
        match (self, name) {
            (Self::Anything, "filter") => Self::Filter,
            (Self::Filter, "metadata") => Self::Conditions,
            (Self::Conditions, _) => Self::Conditions,
            _ => Self::Anything,
        }
    }
}

impl<'e> Reader<'e> {
    fn value(&mut self, v: Js<'e>, depth: usize) -> Result<Value, Refused> {
        self.count(1)?;
        let env = self.env;
        let internal = |e: Fail| Refused::new(e.to_string());
        Ok(match env.kind(v) {
            Kind::Undefined | Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(env.bool(v).map_err(internal)?),
            Kind::Number => match env.number(v).map_err(internal)? {
                n if n.is_finite() => Value::Number(n),
                n => return Err(Refused::new(format!("{n} is not a number that can be stored"))),
            },
            Kind::Text => Value::Text(self.text(v)?),
            Kind::Numbers => match env.numbers(v).map_err(Refused::new)? {
                Numbers::Bytes(b) => Value::Bytes(b),
                Numbers::Floats(f) => Value::Floats(f),
            },
            Kind::Date => {
                let iso = time::iso(env.date(v).map_err(internal)?);
                Value::Text(iso.ok_or_else(|| Refused::new("the date is invalid"))?)
            }
            Kind::List | Kind::Object if depth == 0 => {
                return Err(Refused::new(format!("it is cyclic, or nested deeper than {MAX_DEPTH} levels")));
            }
            Kind::List => self.list(v, depth - 1)?,
            Kind::Object => Value::Object(self.members(v, depth - 1, &[])?),
            Kind::Other(word) => return Err(Refused::new(format!("{word} cannot be stored"))),
        })
    }

    fn text(&self, v: Js<'e>) -> Result<String, Refused> {
        match self.env.text(v) {
            Ok(Text::Well(s)) => Ok(s),
            Ok(Text::Ill(_)) => {
                Err(Refused { ill_formed: true, ..Refused::new("the text has a lone surrogate (half a character)") })
            }
            Err(e) => Err(Refused::new(e.to_string())),
        }
    }

    fn list(&mut self, v: Js<'e>, depth: usize) -> Result<Value, Refused> {
        let n = self.env.length(v).map_err(|e| Refused::new(e.to_string()))?;
        if n as usize > self.nodes {
            return Err(too_many());
        }
        let mut items = Vec::with_capacity(n as usize);
        for i in 0..n {
            let item = self.env.element(v, i).map_err(|m| Refused::new(m).at(i.to_string()))?;
            items.push(self.value(item, depth).map_err(|e| e.at(i.to_string()))?);
        }
        Ok(Value::List(items))
    }

    fn members(&mut self, v: Js<'e>, depth: usize, skip: &[&str]) -> Result<Vec<(String, Value)>, Refused> {
        let keys = self.env.keys(v).map_err(Refused::new)?;
        let n = self.env.length(keys).map_err(|e| Refused::new(e.to_string()))?;
        if n == 0 && !self.env.is_plain(v) {
            return Err(Refused::new("a Map, Set or other special object cannot be stored"));
        }
        self.count(n as usize)?;
        let mut members = Vec::with_capacity(n as usize);
        for i in 0..n {
            let key = self.env.element(keys, i).map_err(Refused::new)?;
            let name = self.text(key).map_err(|_| Refused::new("a key has a lone surrogate (half a character)"))?;
            if skip.contains(&name.as_str()) {
                continue;
            }
            let member = match self.env.member(v, key) {
                Ok(member) => member,
                Err(m) => return Err(Refused::new(m).at(name)),
            };
            if self.env.kind(member) == Kind::Undefined {
                if self.within == Within::Conditions {
                    return Err(Refused::new("it is undefined, which is no condition: leave it out").at(name));
                }
                continue;
            }
            let outside = self.within;
            self.within = outside.member(&name);
            match self.value(member, depth) {
                Ok(value) => members.push((name, value)),
                Err(e) => return Err(e.at(name)),
            }
            self.within = outside;
        }
        Ok(members)
    }

    fn count(&mut self, n: usize) -> Result<(), Refused> {
        self.nodes = self.nodes.checked_sub(n).ok_or_else(too_many)?;
        Ok(())
    }
}

fn too_many() -> Refused {
    Refused::new(format!("it has more than {MAX_NODES} values; pass it in parts"))
}

/// The tree of a value; `undefined` is `Null`.
pub(crate) fn tree<'e>(env: Env<'e>, v: Js<'e>) -> Result<Value, Refused> {
    Reader { env, nodes: MAX_NODES, within: Within::Anything }.value(v, MAX_DEPTH)
}

/// A typed value: a chunk, a filter. `name` leads the message.
pub(crate) fn typed<'e, T: DeserializeOwned>(env: Env<'e>, v: Js<'e>, name: &str) -> Result<T, Fail> {
    let within = Within::Anything.member(name);
    let value = Reader { env, nodes: MAX_NODES, within }.value(v, MAX_DEPTH).map_err(|e| e.at(name).fail())?;
    input::from_value(value).map_err(|m| Fail::argument(format!("{name}: {m}")))
}

/// Options: `undefined` and `null` are the defaults; what only the facade uses is left out.
pub(crate) fn options<'e, T: DeserializeOwned + Default>(env: Env<'e>, v: Js<'e>) -> Result<T, Fail> {
    option_tree(env, v)?.map_or_else(|| Ok(T::default()), from_options)
}

/// Options of two kinds in one object: the members in `apart` are the first kind's.
pub(crate) fn options_apart<'e, A, B>(env: Env<'e>, v: Js<'e>, apart: &[&str]) -> Result<(A, B), Fail>
where
    A: DeserializeOwned + Default,
    B: DeserializeOwned + Default,
{
    match option_tree(env, v)? {
        None => Ok((A::default(), B::default())),
        Some(Value::Object(members)) => {
            let (a, b) = members.into_iter().partition(|(key, _)| apart.contains(&key.as_str()));
            Ok((from_options(Value::Object(a))?, from_options(Value::Object(b))?))
        }
        Some(other) => Ok((A::default(), from_options(other)?)),
    }
}

fn option_tree<'e>(env: Env<'e>, v: Js<'e>) -> Result<Option<Value>, Fail> {
    let mut reader = Reader { env, nodes: MAX_NODES, within: Within::Anything };
    let value = match env.kind(v) {
        Kind::Undefined | Kind::Null => return Ok(None),
        Kind::Object => {
            let skip = ["signal", "on_progress", "onProgress", "on_damage", "onDamage"];
            reader.members(v, MAX_DEPTH - 1, &skip).map(Value::Object)
        }
        _ => reader.value(v, MAX_DEPTH),
    };
    value.map(Some).map_err(|e| e.at("options").fail())
}

fn from_options<T: DeserializeOwned>(value: Value) -> Result<T, Fail> {
    input::from_value(value).map_err(|m| Fail::argument(format!("options: {m}")))
}

/// A text argument.
pub(crate) fn text<'e>(env: Env<'e>, v: Js<'e>, name: &str) -> Result<String, Fail> {
    if env.kind(v) != Kind::Text {
        return Err(Fail::argument(format!("{name} must be a string")));
    }
    match env.text(v)? {
        Text::Well(s) => Ok(s),
        Text::Ill(_) => Err(Fail::argument(format!("{name}: the text has a lone surrogate (half a character)"))),
    }
}

/// An id argument: ill-formed text would become another id.
pub(crate) fn id<'e>(env: Env<'e>, v: Js<'e>) -> Result<String, Fail> {
    if env.kind(v) != Kind::Text {
        return Err(Fail::argument("id must be a string"));
    }
    match env.text(v)? {
        Text::Well(s) => fluorite_memory::check_id(&s).map(|()| s).map_err(Fail::from),
        Text::Ill(_) => Err(Error::InvalidId { message: "it has a lone surrogate (half a character)".into() }.into()),
    }
}

/// A list argument, each element read by `read`.
pub(crate) fn list<'e, T>(
    env: Env<'e>,
    v: Js<'e>,
    name: &str,
    mut read: impl FnMut(Js<'e>, usize) -> Result<T, Fail>,
) -> Result<Vec<T>, Fail> {
    if env.kind(v) != Kind::List {
        return Err(Fail::argument(format!("{name} must be an array")));
    }
    let n = env.length(v)?;
    if n as usize > MAX_NODES {
        return Err(too_many().at(name).fail());
    }
    (0..n).map(|i| read(env.element(v, i).map_err(|m| Refused::new(m).at(i.to_string()).at(name).fail())?, i as usize)).collect()
}

/// A short list of texts and nothing else; `None` otherwise.
pub(crate) fn text_list<'e>(env: Env<'e>, v: Js<'e>) -> Option<Vec<String>> {
    let n = if env.kind(v) == Kind::List { env.length(v).ok().filter(|n| *n < 1_000)? } else { return None };
    (0..n)
        .map(|i| match env.text(env.element(v, i).ok()?).ok()? {
            Text::Well(s) => Some(s),
            Text::Ill(_) => None,
        })
        .collect()
}
