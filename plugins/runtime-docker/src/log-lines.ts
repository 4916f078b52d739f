import type { OutputChunk, RuntimeLogLine } from '@gantry/core';
import type { FramePiece } from './demux.ts';

/**
 * Makes lines of the frames of `logs?timestamps=1`: each frame is one message, `<time> <text>`, its text ending with a
 * line end unless the engine has cut a long line into several messages.
 */
export class LogLines {
  readonly #frames: Record<OutputChunk['stream'], Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #open: Record<OutputChunk['stream'], RuntimeLogLine | undefined> = {
    stdout: undefined,
    stderr: undefined,
  };

  /** Takes a piece of a frame; gives the line it completes. */
  take({ stream, data, last }: FramePiece): RuntimeLogLine | undefined {
    this.#frames[stream].push(data);
    if (!last) return undefined;
    const text = Buffer.concat(this.#frames[stream]).toString('utf8');
    this.#frames[stream] = [];
    const space = text.indexOf(' ');
    const before = this.#open[stream];
    const line: RuntimeLogLine = {
      time: before?.time ?? Date.parse(text.slice(0, space)),
      stream,
      text: (before?.text ?? '') + text.slice(space + 1),
    };
    this.#open[stream] = line.text.endsWith('\n') ? undefined : line;
    return line.text.endsWith('\n') ? { ...line, text: line.text.replace(/\r?\n$/, '') } : undefined;
  }

  /** Lines that were not finished when the task ended. */
  rest(): readonly RuntimeLogLine[] {
    return [this.#open.stdout, this.#open.stderr].filter((line) => line !== undefined);
  }
}
