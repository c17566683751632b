import type { Flag, Words } from './model.js';

/** A completion script for zsh. */
export function zsh({ flags, commands }: Words): string {
  const text = (s: string): string => s.replace(/'/g, `'\\''`).replace(/([[\]:])/g, '\\$1');
  const spec = (f: Flag): string[] =>
    f.names.map((n) => {
      const value = !f.takes ? '' : f.choices.length > 0 ? `:value:(${f.choices.join(' ')})` : ':value:_files';
      return `'*${n}[${text(f.description)}]${value}'`;
    });
  const globals = flags.flatMap(spec);
  return `#compdef fluorite
# zsh completion of fluorite: fluorite completion zsh > "\${fpath[1]}/_fluorite"
_fluorite() {
  local context state line
  typeset -A opt_args
  local -a globals
  globals=(
${globals.map((g) => `    ${g}`).join('\n')}
  )
  _arguments -C $globals '1: :->command' '*:: :->rest'
  case $state in
    command)
      local -a commands
      commands=(
${commands.map((c) => `        '${text(c.name)}:${text(c.description)}'`).join('\n')}
      )
      _describe -t commands command commands
      ;;
    rest)
      case $words[1] in
${commands.map((c) => `        ${c.name}) _arguments $globals ${c.flags.flatMap(spec).join(' ')} ${c.name === 'completion' ? "'1:shell:(bash zsh fish)'" : "'*:file:_files'"} ;;`).join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = _fluorite ]; then _fluorite "$@"; else compdef _fluorite fluorite; fi
`;
}
