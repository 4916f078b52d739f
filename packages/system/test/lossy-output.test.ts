import { describe, expect, test } from 'vitest';
import { LossyOutput, type OutputStream } from '../src/lossy-output.ts';

/** A stream whose next writes fail with a code, or wait. */
class Stream implements OutputStream {
  written: string[] = [];
  error: string | undefined;
  throws = false;
  writableLength = 0;
  readonly handlers: (() => void)[] = [];

  write(text: string, done: (error?: Error | null) => void): void {
    const error =
      this.error === undefined ? undefined : Object.assign(new Error('failed'), { code: this.error });
    if (error !== undefined && this.throws) throw error;
    if (error === undefined) this.written.push(text);
    done(error);
  }

  on(_event: 'error', listener: () => void): void {
    this.handlers.push(listener);
  }

  listeners(): readonly unknown[] {
    return this.handlers;
  }
}

const resumed = ({ writes, reason }: { writes: number; reason: string }): string => `[${writes} ${reason}]`;

describe('an output that never fails', () => {
  test.each([false, true])(
    'drops and counts writes that fail, and says so with the next one (throws: %s)',
    (throws) => {
      const stream = new Stream();
      const output = new LossyOutput(stream, { resumed });
      output.write('a');
      Object.assign(stream, { error: 'ENOSPC', throws });
      output.write('b');
      output.write('c');
      expect(output.lost).toBe(2);
      stream.error = undefined;
      output.write('d');
      output.write('e');
      expect(stream.written).toEqual(['a', '[2 ENOSPC]d', 'e']);
      expect(output.lost).toBe(2);
    },
  );

  test('gives up on a file that takes nothing, and starts a new line after a torn one', () => {
    const written: string[] = [];
    let room = 100;
    const write = (_fd: number, bytes: Buffer, offset: number): number => {
      const taken = bytes.subarray(offset, offset + Math.min(room, 3));
      room -= taken.length;
      written.push(taken.toString());
      return taken.length;
    };
    const file = Object.assign(new Stream(), { fd: 99, _type: 'fs' });
    const output = new LossyOutput(file, { resumed, write });
    output.write('whole\n');
    room = 4;
    output.write('half a line\n');
    output.write('lost\n');
    room = 100;
    output.write('next\n');
    expect(output.lost).toBe(2);
    expect(written.join('')).toBe('whole\nhalf\n[2 EIO]next\n');
  });

  test('drops output beyond its bound while the reader does not read', () => {
    const stream = new Stream();
    const output = new LossyOutput(stream, { resumed, maxPendingBytes: 10 });
    stream.writableLength = 11;
    for (let time = 0; time < 5; time++) output.write('lost');
    stream.writableLength = 0;
    output.write('read');
    expect(stream.written).toEqual(['[5 EAGAIN]read']);
  });

  test('adds one listener to a stream that several outputs share', () => {
    const stream = new Stream();
    for (let time = 0; time < 3; time++) new LossyOutput(stream);
    expect(stream.handlers).toHaveLength(1);
  });

  test('is flushed when every write has succeeded or failed', async () => {
    const stream = new Stream();
    let finish = (_error?: Error | null): void => undefined;
    stream.write = (_text, done) => {
      finish = done;
    };
    const output = new LossyOutput(stream);
    await output.flushed();
    output.write('a');
    let flushed = false;
    const waiting = output.flushed().then(() => {
      flushed = true;
    });
    await Promise.resolve();
    expect(flushed).toBe(false);
    finish(new Error('gone'));
    await waiting;
    expect(output.lost).toBe(1);
  });
});
