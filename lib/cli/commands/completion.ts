import { Argument } from 'commander';

import { bash } from '../completion/bash.js';
import { fish } from '../completion/fish.js';
import { wordsOf, type Words } from '../completion/model.js';
import { zsh } from '../completion/zsh.js';
import { examples } from '../help.js';
import type { Register, Session } from '../session.js';

const SHELLS: Readonly<Record<string, (words: Words) => string>> = { bash, zsh, fish };

/** `completion <shell>`. */
export const completion: Register = (program, host) => {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(Object.keys(SHELLS)))
    .addHelpText('after', examples('eval "$(fluorite completion bash)"', 'fluorite completion zsh > "${fpath[1]}/_fluorite"', 'fluorite completion fish > ~/.config/fish/completions/fluorite.fish'))
    .action(host.action(async (session: Session, shell: string) => {
      const script = SHELLS[shell]?.(wordsOf(program)) ?? '';
      await (session.out.json ? session.out.record({ shell, script }) : session.out.write(script));
    }));
};
