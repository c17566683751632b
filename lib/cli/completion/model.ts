import type { Command } from 'commander';

/** An option as completion sees it. */
export interface Flag {
  /** `--limit`, `-n`. */
  names: string[];
  description: string;
  /** Does a value follow? */
  takes: boolean;
  choices: readonly string[];
}
/** A command as completion sees it. */
export interface Entry {
  name: string;
  description: string;
  flags: Flag[];
}
/** The whole program. */
export interface Words {
  /** Options of every command. */
  flags: Flag[];
  commands: Entry[];
}

/** Reads commands and options off the program, so that completion cannot fall behind it. */
export function wordsOf(program: Command): Words {
  const flagsOf = (command: Command): Flag[] =>
    [...command.options.map((o) => ({
      names: [o.long, o.short].filter((n): n is string => typeof n === 'string'),
      description: o.description,
      takes: o.required || o.optional,
      choices: o.argChoices ?? [],
    })), { names: ['--help', '-h'], description: 'help', takes: false, choices: [] }];
  return {
    flags: flagsOf(program),
    commands: program.commands.map((c) => ({ name: c.name(), description: c.description(), flags: flagsOf(c) })),
  };
}
