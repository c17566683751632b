import { styleText } from 'node:util';

/** Styles used on a terminal. */
export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** What commands print. stdout is for results alone; progress, questions and errors go to stderr. */
export class Output {
  /** @param json - results as JSON. @param color - style text. @param stream - where results go. */
  constructor(readonly json: boolean, readonly color: boolean, readonly stream: NodeJS.WriteStream) {}

  /** Does a person read it? */
  get terminal(): boolean {
    return this.stream.isTTY;
  }

  /** Columns of the terminal; 100 for anything else, so that output does not depend on where it runs. */
  get width(): number {
    return this.terminal ? Math.min(Math.max(this.stream.columns || 100, 40), 160) : 100;
  }

  /** Styled when a terminal shows it. */
  paint(style: Style, text: string): string {
    return this.color ? styleText(style, text) : text;
  }

  /** Writes as is; waits when the reader is slow, rejects when it is gone. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((done, fail) => {
      if (this.stream.write(data, (e) => (e ? fail(e) : done()))) done();
    });
  }

  /** One line of text. */
  line(text = ''): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** One record of JSON lines. */
  record(value: unknown): Promise<void> {
    return this.line(JSON.stringify(value));
  }

  /** The one result of a command: the value as JSON, or its text. */
  result(value: unknown, text: () => string): Promise<void> {
    return this.json ? this.line(JSON.stringify(value, null, 2)) : this.line(text());
  }
}

/** May this stream be styled? `NO_COLOR` counts when it is not empty. */
export function colorful(stream: NodeJS.WriteStream, asked: boolean): boolean {
  return asked && stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
