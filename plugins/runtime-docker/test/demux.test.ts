import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Demux, type FramePiece } from '../src/demux.ts';
import { LogLines, Seen } from '../src/log-lines.ts';

interface Frame {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
}

function encode(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ stream, data }) => {
      const header = Buffer.alloc(8);
      header[0] = stream === 'stdout' ? 1 : 2;
      header.writeUInt32BE(data.length, 4);
      return Buffer.concat([header, data]);
    }),
  );
}

/** Cuts at the given places, which may be anywhere, twice or beyond the end. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    const end = Math.min(place, bytes.length);
    if (end > at) chunks.push(bytes.subarray(at, end));
    at = Math.max(at, end);
  }
  chunks.push(bytes.subarray(at));
  return chunks.filter((chunk) => chunk.length > 0);
}

async function pieces(chunks: readonly Buffer[]): Promise<FramePiece[]> {
  const demux = new Demux();
  const found: FramePiece[] = [];
  await pipeline(Readable.from(chunks), demux, async (source: AsyncIterable<FramePiece>) => {
    for await (const piece of source) found.push(piece);
  });
  return found;
}

const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  data: fc.uint8Array({ minLength: 1, maxLength: 50 }),
});

describe('the demultiplexer', () => {
  test('gives back the frames, wherever they were cut', async () => {
    const places = fc.array(fc.nat(2000), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 20 }), places, async (frames, cuts) => {
        const joined: Frame[] = [];
        let open: Uint8Array[] = [];
        for (const { stream, data, last } of await pieces(cut(encode(frames), cuts))) {
          open.push(data);
          if (!last) continue;
          joined.push({ stream, data: new Uint8Array(Buffer.concat(open)) });
          open = [];
        }
        expect(open).toEqual([]);
        expect(joined).toEqual(frames);
      }),
      { numRuns: 300 },
    );
  });

  test('rejects output that is not multiplexed, and a stream that ends within a frame', async () => {
    await expect(pieces([Buffer.from('plain text, as of a terminal')])).rejects.toMatchObject({
      code: 'INTERNAL',
    });
    const bytes = encode([{ stream: 'stdout', data: Buffer.from('whole') }]);
    for (const length of [1, 7, 8, 12]) {
      await expect(pieces([bytes.subarray(0, length)])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
  });

  test('stops reading when its output is not read', async () => {
    const demux = new Demux();
    const bytes = encode(Array.from({ length: 100 }, () => ({ stream: 'stdout', data: Buffer.alloc(1000) })));
    let given = 0;
    const source = Readable.from(
      (function* () {
        for (let count = 0; count < 100; count++) {
          given++;
          yield bytes;
        }
      })(),
    );
    source.pipe(demux);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(given).toBeLessThan(40);
    source.destroy();
  });
});

describe('log lines', () => {
  const time = '2024-05-06T07:08:09.123456789Z';
  const text = (content: string): Frame => ({ stream: 'stdout', data: Buffer.from(`${time} ${content}`) });

  test('come one from each frame, with its time, without its line end', async () => {
    const lines = new LogLines();
    const found = (await pieces(cut(encode([text('one\n'), text('two\r\n'), text('\n')]), [3, 20, 50]))).map(
      (piece) => lines.take(piece),
    );
    expect(found.filter((line) => line !== undefined).map(({ line }) => line)).toEqual(
      ['one', 'two', ''].map((content) => ({ time: Date.parse(time), stream: 'stdout', text: content })),
    );
  });

  test('are joined if the engine has cut them into several messages', async () => {
    const lines = new LogLines();
    const all = await pieces([
      encode([text('a'.repeat(16)), text('b'.repeat(16)), text('c\n'), text('rest')]),
    ]);
    const found = all.map((piece) => lines.take(piece)).filter((line) => line !== undefined);
    expect(found.map(({ line }) => line.text)).toEqual([`${'a'.repeat(16)}${'b'.repeat(16)}c`]);
    expect(lines.rest().map(({ line }) => line.text)).toEqual(['rest']);
  });

  test('are omitted when read again, even if several have the same time', () => {
    const at = (ns: number, content: string) => {
      const stamp = `2024-05-06T07:08:09.${String(ns).padStart(9, '0')}Z`;
      return { stamp, line: { time: 0, stream: 'stdout' as const, text: content } };
    };
    const all = [at(1, 'a'), at(5, 'b'), at(5, 'c'), at(5, 'd'), at(7, 'e')];
    const seen = new Seen();
    expect(seen.since).toBeUndefined();
    for (const { stamp } of all.slice(0, 3)) seen.add(stamp);
    expect(seen.since).toBe(`${Date.parse('2024-05-06T07:08:09Z') / 1000}.000000005`);
    const again = all.slice(1).filter(seen.filter());
    expect(again.map(({ line }) => line.text)).toEqual(['d', 'e']);
  });
});
