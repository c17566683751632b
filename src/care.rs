//! Care of a store: checking, copying, saving what is left of one, chunks as JSON lines.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluorite_memory::{EncryptionKey, ExportOptions, ImportOptions, SalvageOptions, SnapshotOptions, VerifyOptions};
use napi_derive::napi;
use serde::Deserialize;

use crate::bridge::{NativeBridge, NoOptions, flag, number, report};
use crate::config::environment;
use crate::convert::{options, text, typed};
use crate::error::Fail;
use crate::progress::Progress;
use crate::raw::{Arg, Channel, Env, Js, Kind, Numbers, Returned, enter};
use crate::records::{cursor, messages, to_cursor};
use crate::settle::settle;

/// What the facade's caller says about models and keys.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SalvageInput {
    models_path: Option<PathBuf>,
    embedding_model: Option<String>,
    encryption_key: Option<EncryptionKey>,
    new_encryption_key: Option<EncryptionKey>,
    decrypt: Option<bool>,
}

#[napi]
impl NativeBridge {
    #[napi(ts_args_type = "options: unknown, onProgress: unknown, call: number", ts_return_type = "Promise<string> | string")]
    pub fn verify(&self, env: napi::Env, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let o: VerifyOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            let (token, sink) = (call.token.clone(), progress.as_ref().map(Progress::sink));
            let pending = if o.deep.unwrap_or(false) { engine.verify_deep(token, sink) } else { engine.verify(token, sink) };
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    #[napi(
        ts_args_type = "dir: unknown, options: unknown, onProgress: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    pub fn snapshot(&self, env: napi::Env, dir: Arg, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let to = path(env, env.arg(dir), "dir")?;
            let o: SnapshotOptions = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            let pending = engine.snapshot(to, o, call.token.clone(), progress.as_ref().map(Progress::sink));
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    #[napi(
        ts_args_type = "key: unknown, options: unknown, onProgress: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    pub fn rotate_key(&self, env: napi::Env, key: Arg, opts: Arg, on_progress: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let key: EncryptionKey = typed(env, env.arg(key), "key")?;
            let NoOptions {} = options(env, env.arg(opts))?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            let pending = engine.rotate_key(key, call.token.clone(), progress.as_ref().map(Progress::sink));
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    /// Of a bridge that is not open: the store may be one that does not open.
    #[napi(
        ts_args_type = "from: unknown, to: unknown, options: unknown, packageDir: string, onProgress: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    #[allow(clippy::too_many_arguments)] // those of the call
    pub fn salvage(
        &self,
        env: napi::Env,
        from: Arg,
        to: Arg,
        opts: Arg,
        package_dir: Arg,
        on_progress: Arg,
        call: Arg,
    ) -> Returned {
        enter(env, |env| {
            let (from, to) = (path(env, env.arg(from), "from")?, path(env, env.arg(to), "to")?);
            let input: SalvageInput = options(env, env.arg(opts))?;
            let package = text(env, env.arg(package_dir), "packageDir")?;
            let (channel, call) = (Channel::of(env)?, self.call(env, call));
            let core = Arc::clone(self.core());
            channel.on_teardown(move || core.tear_down());
            let progress = Progress::of(env, &channel, env.arg(on_progress))?;
            let o = SalvageOptions {
                models_paths: input.models_path.into_iter().chain([Path::new(&package).join("models")]).collect(),
                embedding_model: input.embedding_model,
                encryption_key: input
                    .encryption_key
                    .map_or_else(|| EncryptionKey::from_environment(&environment), |key| Ok(Some(key)))?,
                new_encryption_key: input.new_encryption_key,
                decrypt: input.decrypt.unwrap_or(false),
                cancel: call.token.clone(),
            };
            let sink = progress.as_ref().map(Progress::sink);
            let work = move || fluorite_memory::salvage(&from, &to, &o, sink.as_ref());
            let pending = self.core().spawn("fluorite-salvage", work)?;
            settle(env, &channel, pending, Some(call), progress, report)
        })
    }

    /// Lines as bytes, how many, how many with a vector, where the next page begins, and what could not be read.
    #[napi(
        ts_args_type = "options: unknown, cursor: unknown, skipDamaged: boolean",
        ts_return_type = "Promise<[Buffer, number, number, unknown, string[]]> | [Buffer, number, number, unknown, string[]]"
    )]
    pub fn export_page(&self, env: napi::Env, opts: Arg, from: Arg, skip_damaged: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let mut o: ExportOptions = options(env, env.arg(opts))?;
            o.skip_damaged = flag(env, env.arg(skip_damaged))?;
            let from = env.arg(from);
            let from = if env.kind(from) == Kind::List { Some(to_cursor(env, from)?) } else { None };
            settle(env, &Channel::of(env)?, engine.export_page(o, from), None, None, |env, page| {
                let list = env.list(5)?;
                env.put(list, 0, env.buffer(&page.lines)?)?;
                env.put(list, 1, env.of_count(page.chunks)?)?;
                env.put(list, 2, env.of_count(page.vectors)?)?;
                if let Some(next) = &page.next {
                    env.put(list, 3, cursor(env, next)?)?;
                }
                env.put(list, 4, messages(env, &page.damaged)?)?;
                Ok(list)
            })
        })
    }

    #[napi(
        ts_args_type = "lines: unknown, first: number, options: unknown, call: number",
        ts_return_type = "Promise<string> | string"
    )]
    pub fn import_lines(&self, env: napi::Env, lines: Arg, first: Arg, opts: Arg, call: Arg) -> Returned {
        enter(env, |env| {
            let engine = self.core().engine()?;
            let lines = env.arg(lines);
            let bytes = match env.kind(lines) {
                Kind::Numbers => env.numbers(lines).map_err(Fail::argument)?,
                _ => return Err(Fail::argument("lines must be a Buffer")),
            };
            let Numbers::Bytes(block) = bytes else { return Err(Fail::argument("lines must be a Buffer")) };
            let first = number(env, env.arg(first));
            let mut o: ImportOptions = options(env, env.arg(opts))?;
            let call = self.call(env, call);
            o.cancel = call.token.clone();
            settle(env, &Channel::of(env)?, engine.import_lines(block, first, o), Some(call), None, report)
        })
    }
}

/// A path that is not empty.
fn path<'e>(env: Env<'e>, v: Js<'e>, name: &str) -> Result<PathBuf, Fail> {
    let path = text(env, v, name)?;
    if path.is_empty() || path.contains('\0') {
        return Err(Fail::argument(format!("{name} must be the path of a folder")));
    }
    Ok(path.into())
}
