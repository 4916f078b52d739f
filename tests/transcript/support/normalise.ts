/** A line that tells how far something is: which of them are seen is chance. */
const PROGRESS =
  /^[a-z0-9.-]+: (\d+ of \d+ tasks are|\d+ tasks? (is|are) left|no task is left|the change has not)/;

const VARYING: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'TIME'],
  [/\b\d+(\.\d+)?(ms|s|m|h)(\d+[smh])?\b/g, 'DURATION'],
  [/\b[0-9a-f]{16}\b/g, 'HASH'],
  [/\b([a-z][a-z0-9-]*\.\d+)\.[a-z0-9]{8}\b/g, '$1.ID'],
  // Lines of several tasks come in the order of their times, and tasks to nodes as it happens.
  [/^([a-z][a-z0-9-]*)\.\d+\.ID@node-\d+ /g, '$1.N.ID@node-N '],
  [/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'],
  [/\b\d+→/g, 'PORT→'],
  [/^(Process: +)\d+$/g, '$1PID'],
  [/\b\d+(\.\d+)?[KMGT]i\b/g, 'BYTES'],
  // Which of equal nodes a task comes to is chance, and how many CPUs they have is the machine's.
  [/^(\s*[a-z0-9-]+\.\d+\.ID.*) node-\d+/g, '$1 node-N'],
  [/(nearest(?: miss)?: |^ +)node-\d+( has | lacks |: lacks )/g, '$1node-N$2'],
  [/^(node-\d+ +ready +\w+) +\d+/g, '$1 CPUS'],
  [/ {2,}/g, '  '],
  [/ +$/g, ''],
];

/**
 * Returns lines in which everything that varies from run to run, and from machine to machine, is replaced by a name.
 */
export function normalise(lines: readonly string[]): readonly string[] {
  return lines
    .filter((line) => !PROGRESS.test(line))
    .map((line) => VARYING.reduce((text, [pattern, name]) => text.replace(pattern, name), line));
}

/** Names that differ in every run, as the last output told them: a document's own are put in their place. */
export class Names {
  readonly #tasks = new Map<string, string>();
  #port: string | undefined;

  learn(output: string): void {
    for (const [name, slot] of output.matchAll(/\b([a-z][a-z0-9-]*\.\d+)\.[a-z0-9]{8}\b/g)) {
      this.#tasks.set(slot as string, name);
    }
    for (const [, port] of output.matchAll(/\b(\d+)→/g)) this.#port = port;
  }

  /** A command of a document as it has to be in this run. */
  apply(command: string): string {
    return command
      .replace(
        /\b([a-z][a-z0-9-]*\.\d+)\.[a-z0-9]{8}\b/g,
        (name, slot: string) => this.#tasks.get(slot) ?? name,
      )
      .replace(/\bhttp:\/\/127\.0\.0\.1:\d+/g, (url) =>
        this.#port === undefined ? url : `http://127.0.0.1:${this.#port}`,
      );
  }
}
