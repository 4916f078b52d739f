import ansiEscapes from 'ansi-escapes';
import type { Io } from '../io/io.ts';

const ENTER = `${ansiEscapes.enterAlternativeScreen}${ansiEscapes.cursorHide}${ansiEscapes.eraseScreen}`;
const LEAVE = `${ansiEscapes.cursorShow}${ansiEscapes.exitAlternativeScreen}`;

/** The alternate screen of a terminal; draws frames and restores the terminal at the end. */
export class Screen implements Disposable {
  readonly #io: Io;
  readonly #release: (() => void) | undefined;
  #shown: readonly string[] = [];
  #open = true;

  /** Takes over the terminal: keys are no longer echoed, and the previous content is restored later. */
  constructor(io: Io) {
    this.#io = io;
    this.#release = io.guardTerminal?.(LEAVE);
    io.stdin.setRawMode(true);
    io.stdout.write(ENTER);
  }

  /** Draws a frame; only lines that differ from the last frame are written. */
  draw(lines: readonly string[]): void {
    if (!this.#open) return;
    const changes = lines.flatMap((line, row) =>
      line === this.#shown[row] ? [] : [`${ansiEscapes.cursorTo(0, row)}${ansiEscapes.eraseEndLine}${line}`],
    );
    this.#shown = lines;
    if (changes.length > 0) this.#io.stdout.write(changes.join(''));
  }

  /** Discards the last frame, such as after a change of size, so that the next frame is written completely. */
  clear(): void {
    this.#shown = [];
    if (this.#open) this.#io.stdout.write(ansiEscapes.eraseScreen);
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#io.stdout.write(LEAVE);
    this.#io.stdin.setRawMode(false);
    this.#release?.();
  }
}
