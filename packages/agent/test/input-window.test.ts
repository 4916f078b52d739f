import { describe, expect, test } from 'vitest';
import { InputWindow } from '../src/input-window.ts';

describe('an input window', () => {
  test('accepts no more than its size while its reader does not read, and more as it reads', async () => {
    const window = new InputWindow(100);
    expect([40, 40, 40].map((size) => window.push(new Uint8Array(size)))).toEqual([true, true, false]);
    expect(window.bytes).toBe(80);
    const reader = window[Symbol.asyncIterator]();
    expect((await reader.next()).value?.length).toBe(40);
    expect(window.push(new Uint8Array(40))).toBe(false); // the reader has not passed it on yet
    const changed = window.changed();
    expect((await reader.next()).value?.length).toBe(40);
    await changed;
    expect(window.push(new Uint8Array(40))).toBe(true);
  });

  test('takes a single piece that is larger than itself, and nothing beside it', () => {
    const window = new InputWindow(10);
    expect([window.push(new Uint8Array(50)), window.push(new Uint8Array(1))]).toEqual([true, false]);
  });

  test('yields what waits, and then ends', async () => {
    const window = new InputWindow(100);
    window.push(Buffer.from('a'));
    window.push(Buffer.from('b'));
    window.end();
    let text = '';
    for await (const data of window) text += Buffer.from(data).toString();
    expect(text).toBe('ab');
  });

  test('discards everything once its reader has left, and releases the writer', async () => {
    const window = new InputWindow(10);
    window.push(new Uint8Array(10));
    const changed = window.changed();
    for await (const _ of window) break;
    await changed;
    expect([window.push(new Uint8Array(1000)), window.bytes]).toEqual([true, 0]);
  });
});
