import type { OutputChunk } from '@gantry/core/api';
import type { RuntimeLogLine } from '@gantry/core/contracts';
import type { FramePiece } from './demux.ts';

/** A line with its timestamp as written by the engine: to the ns, and of fixed length, so that it sorts as text. */
export interface StampedLine {
  readonly stamp: string;
  readonly line: RuntimeLogLine;
}

/**
 * Assembles lines from the frames of `logs?timestamps=1`: each frame is one message, `<time> <text>`. Its text ends
 * with a line end, unless the engine has split a long line into several messages.
 */
export class LogLines {
  readonly #frames: Record<OutputChunk['stream'], Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #open: Record<OutputChunk['stream'], StampedLine | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };

  /** Adds a piece of a frame; returns the line that it completes. */
  take({ stream, data, last }: FramePiece): StampedLine | undefined {
    this.#frames[stream].push(data);
    if (!last) return undefined;
    const content = Buffer.concat(this.#frames[stream]).toString('utf8');
    this.#frames[stream] = [];
    const space = content.indexOf(' ');
    const before = this.#open[stream];
    const stamp = before?.stamp ?? content.slice(0, space);
    const text = (before?.line.text ?? '') + content.slice(space + 1);
    const whole = text.endsWith('\n');
    const line = { time: Date.parse(stamp), stream, text: whole ? text.replace(/\r?\n$/, '') : text };
    this.#open[stream] = whole ? undefined : { stamp, line };
    return whole ? { stamp, line } : undefined;
  }

  /** Lines that were incomplete when the task ended. */
  rest(): readonly StampedLine[] {
    return [this.#open.stdout, this.#open.stderr].filter((line) => line !== undefined);
  }
}

/** Distinguishes known lines from new ones when logs are read again from the last line on. */
export class Seen {
  #stamp = '';
  /** Number of lines with exactly that time. */
  #count = 0;

  /** Time to continue from, in the engine's format: `<seconds>.<ns>`. */
  get since(): string | undefined {
    if (this.#stamp === '') return undefined;
    return `${Date.parse(`${this.#stamp.slice(0, 19)}Z`) / 1000}.${this.#stamp.slice(20, 29)}`;
  }

  add(stamp: string): void {
    if (stamp === this.#stamp) this.#count++;
    else if (stamp > this.#stamp) [this.#stamp, this.#count] = [stamp, 1];
  }

  /** Returns a filter that skips the lines added before. */
  filter(): (line: StampedLine) => boolean {
    const [last, count] = [this.#stamp, this.#count];
    let same = 0;
    return ({ stamp }) => stamp > last || (stamp === last && ++same > count);
  }
}
