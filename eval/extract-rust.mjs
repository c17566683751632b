// Doc comment -> function, from Rust source. A scan of lines and brackets, not a parser: what it cannot follow it leaves out.

const FN = /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+"[^"]*"\s+)?fn\s+\w/;

/** Pairs `{ doc, body }`: lines of `///` (without the slashes) before a `fn`, and the function from its first line to its closing brace. */
export function* rustPairs(text) {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (!/^\s*\/\/\/(?!\/)/.test(lines[i])) continue;
    const doc = [];
    for (; i < lines.length && /^\s*\/\/\/(?!\/)/.test(lines[i]); i++) doc.push(lines[i].replace(/^\s*\/\/\/ ?/, ''));
    while (i < lines.length && /^\s*#\[/.test(lines[i])) i = attributeEnd(lines, i);
    if (i >= lines.length || !FN.test(lines[i])) {
      i -= 1; // this line may begin another comment
      continue;
    }
    const body = functionAt(lines, i);
    if (body) yield { doc: doc.join('\n'), body };
  }
}

/** The line after an attribute that may span some. */
function attributeEnd(lines, from) {
  let depth = 0;
  for (let i = from; i < lines.length && i < from + 20; i++) {
    for (const c of lines[i]) depth += c === '[' ? 1 : c === ']' ? -1 : 0;
    if (depth <= 0) return i + 1;
  }
  return from + 1;
}

function functionAt(lines, from) {
  const text = lines.slice(from, from + 400).join('\n');
  const end = closingBrace(text);
  return end < 0 ? null : text.slice(0, end + 1);
}

/** Strings, characters, lifetimes and comments, which may hold brackets that are none. */
const OPAQUE = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|b?r(#*)"[\s\S]*?"\1|b?"(?:[^"\\]|\\[\s\S])*"|b?'(?:[^'\\\n]|\\(?:u\{[^}]*\}|[^u\n][^'\n]*))'|'[A-Za-z_]\w*/y;

/** Position of the brace that ends the first block, -1 when a `;` comes first (no body) or it does not end. */
function closingBrace(text) {
  let braces = 0;
  let others = 0;
  for (let i = 0; i < text.length; i++) {
    OPAQUE.lastIndex = i;
    const skipped = /[/'"br]/.test(text[i]) && !/\w/.test(text[i - 1] ?? '') ? OPAQUE.exec(text) : null;
    if (skipped) {
      i += skipped[0].length - 1;
      continue;
    }
    const c = text[i];
    if (c === '(' || c === '[') others += 1;
    else if (c === ')' || c === ']') others -= 1;
    else if (c === ';' && braces === 0 && others === 0) return -1;
    else if (c === '{') braces += 1;
    else if (c === '}' && --braces === 0) return i;
  }
  return -1;
}
