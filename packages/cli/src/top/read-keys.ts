import { emitKeypressEvents, type Interface } from 'node:readline';
import { PassThrough } from 'node:stream';
import type { Input } from '../io/io.ts';
import type { Key } from './keys.ts';

/** How long an escape character may wait for the rest of a key's sequence before it counts as the Esc key, in ms. */
const ESCAPE_MS = 30;

interface Keypress {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
  readonly meta?: boolean;
  readonly sequence?: string;
}

/** Calls back for every key until the input ends. */
export async function readKeys(input: Input, onKey: (key: Key) => void): Promise<void> {
  const decoder = new PassThrough();
  // Only this property of an interface is read; a real interface would echo and edit lines.
  emitKeypressEvents(decoder, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  decoder.on('keypress', (text: string | undefined, { name, ctrl, shift, meta, sequence = '' }: Keypress) => {
    // Esc followed quickly by a key arrives like Alt with that key.
    if (meta === true && name !== 'escape') onKey({ name: 'escape', text: '', ctrl: false, shift: false });
    const typed = text ?? (meta === true ? sequence.slice(1) : sequence);
    onKey({ name, text: typed, ctrl: ctrl === true, shift: shift === true });
  });
  for await (const chunk of input.read()) decoder.write(chunk);
}
