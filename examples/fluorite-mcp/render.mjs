// A template with its values filled in. `{{ name }}` is a placeholder; `${{ ... }}` of workflow files and braces around anything
// but a name (`style={{ margin: 0 }}`, `{{ .Chart.Name }}`) are text.
import { posix } from 'node:path';

const PLACEHOLDER = /(?<!\$)\{\{\s*([A-Za-z_][\w-]*)\s*\}\}/g;

/** The files of a template: `{ path, content }[]`. Throws an Error that says which value, placeholder or path is wrong. */
export function render(spike, given = {}) {
  const values = valuesOf(spike, given);
  const fill = (text, where) => text.replace(PLACEHOLDER, (_, name) => {
    if (!values.has(name)) throw new Error(`${where}: the placeholder {{ ${name} }} is not a parameter of ${spike.id}`);
    const value = values.get(name);
    if (value === undefined) throw new Error(`${where}: the parameter ${name} has no default; give it a value`);
    return value;
  });
  return (spike.files ?? []).map((file) => ({
    path: inside(fill(file.path, file.path)),
    content: fill(file.template ?? file.content ?? '', file.path),
  }));
}

/** Values by parameter: given, else the default, else `undefined`. */
function valuesOf(spike, given) {
  const values = new Map((spike.params ?? []).map(({ name, default: usual }) => [name, usual ?? undefined]));
  for (const [name, value] of Object.entries(given)) {
    if (!values.has(name)) throw new Error(`${name} is not a parameter of ${spike.id}; it has ${[...values.keys()].join(', ') || 'none'}`);
    values.set(name, value);
  }
  return new Map([...values].map(([name, value]) => [name, value === undefined ? undefined : String(value)]));
}

/** A path that stays inside the folder it is written to. Values can make one leave it, so it is checked filled in. */
function inside(path) {
  const parts = path.split(/[\\/]/);
  if (path.trim() === '' || path.includes('\0') || posix.isAbsolute(path) || /^([A-Za-z]:|\\)/.test(path) || parts.includes('..')) {
    throw new Error(`${JSON.stringify(path)} is not a relative path inside the project`);
  }
  return path;
}
