// The declarations the binding's build writes, in one order: napi-rs lists the blocks of a class as the compiler came to them, which
// differs from build to build.

/** `text` of native.d.ts with the members of each class by name, behind its constructor; a comment stays with its member. */
export function ordered(text) {
  return text.replace(/^(export declare class \w+ \{\n)([\s\S]*?)^\}$/gm, (_, head, body) => `${head}${members(body).join('')}}`);
}

function members(body) {
  const all = [];
  let comment = '';
  for (const line of body.split(/(?<=\n)/)) {
    const inComment = /^\s*\/?\*/.test(line);
    if (inComment) comment += line;
    else {
      all.push(comment + line);
      comment = '';
    }
  }
  const key = (member) => /^ {2}(?:get |set |static )*(\w+)/m.exec(member.replace(/\/\*\*[\s\S]*?\*\//, ''))?.[1] ?? '';
  const rank = (member) => (key(member) === 'constructor' ? '' : key(member));
  return all.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}
