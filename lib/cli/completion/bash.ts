import type { Flag, Words } from './model.js';

const names = (flags: readonly Flag[]): string => flags.flatMap((f) => f.names).join(' ');

/** A completion script for bash 3.2 and newer; needs no other package. */
export function bash({ flags, commands }: Words): string {
  const values = (command: string, some: readonly Flag[]): string[] =>
    some.filter((f) => f.choices.length > 0).map((f) => `    ${f.names.map((n) => `"${command} ${n}"`).join('|')}) words="${f.choices.join(' ')}" ;;`);
  const taking = flags.filter((f) => f.takes).flatMap((f) => f.names).join('|');
  const files = (command: string, some: readonly Flag[]): string[] =>
    some.filter((f) => f.takes && f.choices.length === 0).flatMap((f) => f.names.map((n) => `"${command} ${n}"`));
  return `# bash completion of fluorite: eval "$(fluorite completion bash)"
_fluorite() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${taking}) i=$((i + 1)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$command $prev" in
${[...commands.flatMap((c) => values(c.name, [...c.flags, ...flags])), ...values('', flags)].join('\n')}
    ${[...commands.flatMap((c) => files(c.name, [...c.flags, ...flags])), ...files('', flags)].join('|')}) words="" ;;
    *)
      case "$command" in
        "") words="${commands.map((c) => c.name).join(' ')} ${names(flags)}" ;;
${commands.map((c) => `        ${c.name}) [[ "$cur" == -* ]] && words="${names(c.flags)} ${names(flags)}" ;;`).join('\n')}
      esac
      [[ "$command" == completion ]] && words="bash zsh fish"
      ;;
  esac
  local reply
  if [[ -n "$words" ]]; then
    while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -W "$words" -- "$cur")
  else
    while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen -f -- "$cur")
  fi
}
complete -o filenames -F _fluorite fluorite
`;
}
