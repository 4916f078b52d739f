import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpExchange, startsRequest } from '../src/http-exchange.ts';

const LIMIT = 1000;

type Step = readonly ['request' | 'response', string];

function play(steps: readonly Step[], exchange = new HttpExchange(LIMIT)): HttpExchange {
  for (const [side, text] of steps) exchange[side](Buffer.from(text, 'latin1'));
  return exchange;
}

const get = ['request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'] as const;
const head = ['request', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n'] as const;
const ok = (fields: string, body = ''): Step => ['response', `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`];

/** After these the connection may move. */
const atRest: Readonly<Record<string, readonly Step[]>> = {
  'a connection without a byte': [],
  'an answer of the length it told': [get, ok('Content-Length: 5\r\n', 'hello')],
  'an answer without a body': [get, ok('content-length: 0\r\n')],
  'an answer in chunks': [get, ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n')],
  'chunks with extensions and trailers': [
    get,
    ok('Transfer-Encoding: chunked\r\n', 'A;x="y"\r\n0123456789\r\n00\r\nDigest: 1\r\nMore: 2\r\n\r\n'),
  ],
  'a length repeated and equal': [get, ok('Content-Length: 2\r\nContent-Length: 2\r\n', 'ok')],
  'HEAD, whose answer has a length and no body': [head, ok('Content-Length: 5\r\n')],
  'HEAD, whose answer announces chunks and has none': [head, ok('Transfer-Encoding: chunked\r\n')],
  '204 and 304, which have no body': [
    get,
    ['response', 'HTTP/1.1 204 No Content\r\n\r\n'],
    get,
    ['response', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n'],
  ],
  'interim answers before the real one': [
    ['request', 'PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n'],
    ['response', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'],
    ['request', 'abc'],
    ok('Content-Length: 0\r\n'),
  ],
  'a posted body in chunks': [
    ['request', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ok('Content-Length: 2\r\n', 'ok'),
  ],
  'several requests sent ahead, all answered': [
    ['request', `${get[1]}${head[1]}${get[1]}`],
    ok('Content-Length: 1\r\n', '1'),
    ok('Content-Length: 2\r\n'),
    ok('Content-Length: 3\r\n', '333'),
  ],
  'HTTP/1.0 that is kept alive': [
    ['request', 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
    ['response', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n1'],
  ],
  'empty lines between requests': [
    get,
    ok('Content-Length: 0\r\n'),
    ['request', '\r\n'],
    get,
    ok('Content-Length: 0\r\n'),
  ],
};

/** After these it may not, however long nothing comes. */
const notAtRest: Readonly<Record<string, readonly Step[]>> = {
  'a request without an answer': [get],
  'half a request': [['request', 'GET / HTTP/1.1\r\nHost']],
  'a request whose body still comes': [
    ['request', 'PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab'],
    ok('Content-Length: 0\r\n'),
  ],
  'an answer that still comes': [get, ok('Content-Length: 5\r\n', 'hell')],
  'chunks without their last one': [get, ok('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n')],
  'chunks without the end of their trailer': [get, ok('Transfer-Encoding: chunked\r\n', '0\r\nA: b\r\n')],
  'an answer that ends with the connection': [get, ok('', 'hello')],
  'an answer of another coding': [get, ok('Transfer-Encoding: gzip\r\n', 'x')],
  'contradicting lengths': [get, ok('Content-Length: 2\r\nContent-Length: 3\r\n', 'ok')],
  'a length and chunks at once': [
    get,
    ok('Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
  ],
  'a length that is not a number': [get, ok('Content-Length: 2x\r\n', 'ok')],
  'an upgraded connection': [
    ['request', 'GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['response', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ],
  'a tunnel': [['request', 'CONNECT a:1 HTTP/1.1\r\n\r\n'], ok('Content-Length: 0\r\n')],
  'HTTP/2': [['request', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  'an answer to nothing': [ok('Content-Length: 0\r\n')],
  'one answer of two': [get, get, ok('Content-Length: 0\r\n')],
  'data that is not HTTP at all': [['request', 'SSH-2.0-x\r\n\r\n']],
  'lines that end with LF alone': [
    ['request', 'GET / HTTP/1.1\n\n'],
    ['response', 'HTTP/1.1 200 OK\n\n'],
  ],
};

describe('a connection is idle', () => {
  for (const [name, steps] of Object.entries(atRest)) {
    test(`after ${name}`, () => expect(play(steps).resting).toBe(true));
  }
});

describe('a connection is not idle', () => {
  for (const [name, steps] of Object.entries(notAtRest)) {
    test(`after ${name}`, () => expect(play(steps).resting).toBe(false));
  }
});

test('however the bytes are cut into chunks, the verdict is the same', () => {
  const talks = [...Object.values(atRest), ...Object.values(notAtRest)];
  const cases = fc.record({
    steps: fc.constantFrom(...talks),
    cuts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(cases, ({ steps, cuts }) => {
      let turn = 0;
      const pieces = steps.flatMap(([side, text]) => {
        const parts: Step[] = [];
        for (let at = 0; at < text.length; ) {
          const length = cuts[turn++ % cuts.length] as number;
          parts.push([side, text.slice(at, at + length)]);
          at += length;
        }
        return parts;
      });
      const [whole, cut] = [play(steps), play(pieces)];
      expect([cut.resting, cut.final]).toEqual([whole.resting, whole.final]);
    }),
    { numRuns: 2000 },
  );
});

test('random answers are followed to their end and not a byte further', () => {
  const body = fc.string({ maxLength: 60 }).map((text) => Buffer.from(text).toString('latin1'));
  const answer = fc.oneof(
    body.map((text) => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`),
    fc.array(body.filter((text) => text !== '')).map((parts) => {
      const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('');
      return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
    }),
    fc.constant('HTTP/1.1 204 No Content\r\n\r\n'),
  );
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1, maxLength: 6 }), (answers) => {
      const exchange = new HttpExchange(LIMIT);
      for (const text of answers) {
        play([get, ['response', text.slice(0, -1)]], exchange);
        expect(exchange.resting).toBe(false);
        play([['response', text.slice(-1)]], exchange);
        expect(exchange.resting).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

describe('an exchange is the last one', () => {
  const last: Readonly<Record<string, readonly Step[]>> = {
    'when the client says so': [['request', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n']],
    'when the backend says so': [get, ok('Connection: keep-alive, Close\r\nContent-Length: 0\r\n')],
    'in HTTP/1.0': [['request', 'GET / HTTP/1.0\r\n\r\n']],
  };
  for (const [name, steps] of Object.entries(last)) {
    test(name, () => expect(play(steps).final).toBe(true));
  }
  test('and not otherwise', () => {
    expect(play([get, ok('Content-Length: 0\r\nX-Connection: close\r\n')]).final).toBe(false);
  });
});

describe('a request that may be sent again', () => {
  const again = (steps: readonly Step[]): string | undefined => {
    const unanswered = play(steps).unanswered;
    return unanswered && Buffer.concat([...unanswered]).toString();
  };
  test('is an idempotent request without a byte of an answer', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
      const text = `${method} / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx`;
      expect(again([['request', text]])).toBe(text);
    }
    expect(again([get, ok('Content-Length: 0\r\n'), get])).toBe(get[1]);
    expect(
      again([
        ['request', 'GET / HT'],
        ['request', 'TP/1.1\r\n\r\n'],
      ]),
    ).toBe('GET / HTTP/1.1\r\n\r\n');
  });
  test('is not a POST, nor partly answered, nor too large, nor other than HTTP', () => {
    expect(again([['request', 'POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n']])).toBeUndefined();
    expect(again([get, ['request', 'PATCH / HTTP/1.1\r\n\r\n']])).toBeUndefined();
    expect(again([get, ['response', 'H']])).toBeUndefined();
    expect(again([get, ok('Content-Length: 0\r\n')])).toBeUndefined();
    expect(
      again([['request', `PUT / HTTP/1.1\r\nContent-Length: ${LIMIT}\r\n\r\n${'x'.repeat(LIMIT)}`]]),
    ).toBeUndefined();
    expect(again([['request', 'hello\r\n\r\n']])).toBeUndefined();
    expect(again([])).toBeUndefined();
  });
});

test('a request starts with a method', () => {
  for (const text of ['G', 'GET', 'GET ', 'GET / HTTP/1.1', 'M-SEARCH *', 'PROPFIND /']) {
    expect(startsRequest(Buffer.from(text))).toBe(true);
  }
  for (const text of ['\x16\x03\x01', ' GET', '{"a":1}', '\r\n', 'GET\t/', 'a'.repeat(30)]) {
    expect(startsRequest(Buffer.from(text, 'latin1'))).toBe(false);
  }
});
