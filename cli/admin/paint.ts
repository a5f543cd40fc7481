/** How a text goes to a stream: in colours on a terminal that wants them, and no wider than it is. */
export interface Paint {
  bad(text: string): string;
  note(text: string): string;
  good(text: string): string;
  bold(text: string): string;
  faint(text: string): string;
  /** Columns; infinite where it is no terminal. */
  readonly width: number;
}

/** Narrower than this nothing is cut: it would not be readable. */
const NARROWEST = 30;

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/** `environment`: NO_COLOR and TERM=dumb are respected. */
export function paintFor(stream: Stream, environment: NodeJS.ProcessEnv = process.env): Paint {
  const isTerminal = stream.isTTY === true;
  const coloured = isTerminal && environment.TERM !== 'dumb' && !environment.NO_COLOR;
  const code = (on: number, off: number) => (text: string) =>
    coloured ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bad: code(31, 39),
    note: code(33, 39),
    good: code(32, 39),
    bold: code(1, 22),
    faint: code(2, 22),
    width: isTerminal ? Math.max(NARROWEST, stream.columns || 80) : Number.POSITIVE_INFINITY,
  };
}

/** At most so many columns; what is cut off shows as `…`. */
export function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** The words of a text in lines of at most `width` columns, every line after the first one indented. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line];
}
