// Everything public that can be called, with the shapes of its parameters: the rows of the table, from `index.d.ts`.
import { join } from 'node:path';
import ts from 'typescript';

import { merged, shapeOf } from './shape.mjs';

/**
 * Rows of a package's declarations: `{ name, of, kind, returns, parameters: [{ name, optional, shape }] }`.
 * `kind`: method, static, constructor, getter or function; `returns`: promise, stream or value.
 */
export function rowsOf(root) {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([join(root, 'index.d.ts')], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, 'index.d.ts')));
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.Class) return classRows(checker, symbol);
    if (symbol.flags & ts.SymbolFlags.Function) return [row(checker, symbol.name, 'function', checker.getTypeOfSymbol(symbol).getCallSignatures())];
    if (symbol.flags & ts.SymbolFlags.Value) throw new Error(`${symbol.name} is exported and neither a class nor a function: say in surface.mjs what is hostile to it`);
    return []; // types
  });
}

function classRows(checker, symbol) {
  const type = checker.getTypeOfSymbol(symbol);
  const rows = [row(checker, symbol.name, 'constructor', type.getConstructSignatures())];
  const own = (member) => member.declarations?.every((d) => d.parent.name?.text === symbol.name);
  for (const member of type.getProperties().filter(own)) rows.push(row(checker, member.name, 'static', checker.getTypeOfSymbol(member).getCallSignatures(), symbol.name));
  for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties().filter(own)) {
    if (member.declarations.some((d) => ts.getCombinedModifierFlags(d) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected) || (d.name && ts.isPrivateIdentifier(d.name)))) continue;
    const signatures = checker.getTypeOfSymbol(member).getCallSignatures();
    const name = member.name.startsWith('__@asyncDispose') ? Symbol.asyncDispose : member.name;
    if (signatures.length > 0) rows.push(row(checker, name, 'method', signatures, symbol.name));
    else if (member.flags & ts.SymbolFlags.Accessor) rows.push({ name, of: symbol.name, kind: 'getter', returns: 'value', parameters: [] });
  }
  return rows;
}

function row(checker, name, kind, signatures, of) {
  const parameters = [];
  for (const signature of signatures) {
    for (const [i, parameter] of signature.getParameters().entries()) {
      const declaration = parameter.valueDeclaration;
      const shape = shapeOf(checker, checker.getTypeOfSymbol(parameter), 0, `${String(name)}(${parameter.name})`);
      const optional = Boolean(declaration.questionToken || declaration.initializer);
      const known = parameters[i];
      parameters[i] = known ? { ...known, optional: known.optional || optional, shape: merged(known.shape, shape) } : { name: parameter.name, optional, shape };
    }
  }
  const returned = signatures[0] && checker.typeToString(signatures[0].getReturnType());
  const returns = /^Promise\b/.test(returned ?? '') ? 'promise' : /^Async/.test(returned ?? '') ? 'stream' : 'value';
  return { name, of, kind, returns, parameters };
}

/** Places of a row: each parameter and each part of it, as `[position, step, ...]`; steps are member names, `[]` and `{}`. */
export function placesOf(row) {
  const places = [];
  const walk = (shape, path, text, optional) => {
    places.push({ path, text, shape, optional });
    const part = shape.list ?? shape.items;
    if (part) walk(part, [...path, '[]'], `${text}[]`, false);
    if (shape.record) walk(shape.record, [...path, '{}'], `${text}.*`, false);
    for (const [name, member] of shape.members ?? []) walk(member.shape, [...path, name], `${text}.${name}`, member.optional);
  };
  row.parameters.forEach((p, i) => walk(p.shape, [i], p.name, p.optional));
  return places;
}
