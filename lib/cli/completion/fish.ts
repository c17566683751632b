import type { Flag, Words } from './model.js';

/** A completion script for fish. */
export function fish({ flags, commands }: Words): string {
  const text = (s: string): string => `'${s.replace(/\\/g, '\\\\').replace(/'/g, `\\'`)}'`;
  const spec = (f: Flag, condition: string): string => {
    const named = f.names.map((n) => (n.startsWith('--') ? `-l ${n.slice(2)}` : `-s ${n.slice(1)}`)).join(' ');
    const value = !f.takes ? '' : f.choices.length > 0 ? ` -x -a ${text(f.choices.join(' '))}` : ' -r';
    return `complete -c fluorite${condition} ${named}${value} -d ${text(f.description)}`;
  };
  return `# fish completion of fluorite: fluorite completion fish > ~/.config/fish/completions/fluorite.fish
${flags.map((f) => spec(f, '')).join('\n')}
${commands.map((c) => `complete -c fluorite -n __fish_use_subcommand -f -a ${c.name} -d ${text(c.description)}`).join('\n')}
${commands.flatMap((c) => c.flags.filter((f) => !f.names.includes('--help')).map((f) => spec(f, ` -n '__fish_seen_subcommand_from ${c.name}'`))).join('\n')}
complete -c fluorite -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'
`;
}
