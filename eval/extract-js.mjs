// Doc comment -> function, from JavaScript and TypeScript. A scan, not a parser: what it cannot follow it leaves out.

const DOC = /\/\*\*(?!\/)([\s\S]*?)\*\/[ \t]*\n\s*/g;
const WORDS = '(?:(?:export|default|async|public|private|protected|static|override|get|set)\\s+)*';
/** A function, a method, or a name that is given one; ends before the parameters. */
const HEAD = new RegExp(`${WORDS}(?:function\\b\\s*\\*?\\s*[\\w$]*|(?:const|let|var)\\s+[\\w$]+\\s*=\\s*(?:async\\s+)?(?:function\\b\\s*\\*?\\s*[\\w$]*)?|[\\w$.]+\\s*=\\s*(?:async\\s+)?function\\b\\s*\\*?\\s*[\\w$]*|[*#]?(?!(?:if|for|while|switch|return|catch|with|new|super)\\b)[\\w$]+)\\s*(?:<[^<>()]*>\\s*)?(?=\\()`, 'y');
/** Between the parameters and the body: a return type, an arrow. */
const RESULT = /\s*(?::\s*[^{};=]+)?\s*(?:=>\s*)?(?=\{)/y;
const LONGEST = 40_000;

/** Pairs `{ doc, body }`: the text of a comment without stars and tags, and the function that follows it. */
export function* jsPairs(text) {
  for (const match of text.matchAll(DOC)) {
    const from = match.index + match[0].length;
    HEAD.lastIndex = from;
    const head = HEAD.exec(text);
    if (!head) continue;
    const parameters = closing(text, from + head[0].length);
    if (parameters < 0) continue;
    RESULT.lastIndex = parameters + 1;
    const result = RESULT.exec(text);
    const end = result ? closing(text, parameters + 1 + result[0].length) : -1;
    if (end < 0) continue;
    yield { doc: prose(match[1]), body: text.slice(from, end + 1) };
  }
}

/** A comment without its stars, up to its first tag. */
function prose(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''));
  const tag = lines.findIndex((line) => /^\s*@/.test(line));
  return (tag < 0 ? lines : lines.slice(0, tag)).join('\n');
}

const STRING = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** Position of the bracket that closes the one at `from`, -1 when it does not close. */
function closing(text, from) {
  let depth = 0;
  let before = '('; // the last character that is no space: tells a regular expression from a division
  const limit = Math.min(text.length, from + LONGEST);
  for (let i = from; i < limit; i++) {
    const c = text[i];
    if (c === '/' || c === '"' || c === "'" || c === '`') {
      const skip = matchAt(STRING, text, i) ?? (c === '/' && /[(,=:[!&|?{};+\-*%<>~^]/.test(before) ? matchAt(REGEX, text, i) : null);
      if (skip) {
        if (!/^\/[/*]/.test(skip)) before = '"';
        i += skip.length - 1;
        continue;
      }
    }
    if (c === '(' || c === '[' || c === '{') depth += 1;
    else if (c === ')' || c === ']' || c === '}') {
      depth -= 1;
      if (depth === 0) return i;
    }
    if (/\S/.test(c)) before = c;
  }
  return -1;
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
