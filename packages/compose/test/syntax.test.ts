import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBytes, parseDuration } from '../src/model/units.ts';
import { parseEnvFile, parseRawEnvFile } from '../src/syntax/env-file.ts';
import { parsePort } from '../src/syntax/port.ts';
import { splitCommand } from '../src/syntax/split-command.ts';
import { parseVolume } from '../src/syntax/volume.ts';

describe('an env file', () => {
  const read = (text: string, given: Record<string, string> = {}) =>
    parseEnvFile(text, (name) => given[name]);

  test.each([
    ['VAR=VAL', 'VAL'],
    ['VAR="VAL"', 'VAL'],
    ["VAR='VAL'", 'VAL'],
    ['VAR=VAL # comment', 'VAL'],
    ['VAR=VAL# not a comment', 'VAL# not a comment'],
    ['VAR=#x', '#x'],
    ['VAR= # comment', ''],
    ['VAR="VAL # not a comment"', 'VAL # not a comment'],
    ['VAR="VAL" # comment', 'VAL'],
    ["VAR='$OTHER'", '$OTHER'],
    [`VAR='\${OTHER}'`, `\${OTHER}`],
    ["VAR='Let\\'s go!'", "Let's go!"],
    ['VAR="{\\"hello\\": \\"json\\"}"', '{"hello": "json"}'],
    ['VAR="some\\tvalue"', 'some\tvalue'],
    ["VAR='some\\tvalue'", 'some\\tvalue'],
    ['VAR=some\\tvalue', 'some\\tvalue'],
    ['VAR="a\nb"', 'a\nb'],
    ['VAR="\\$OTHER"', '$OTHER'],
    [`VAR=$OTHER-\${OTHER}`, 'o-o'],
    ['VAR=', ''],
    ['  export VAR = VAL  ', 'VAL'],
    ['\uFEFFVAR=VAL\r\n', 'VAL'],
  ])('reads %j as the specification says', (text, value) => {
    expect(read(text, { OTHER: 'o' })).toEqual({
      entries: new Map([['VAR', value]]),
      problems: [],
      unset: [],
    });
  });

  test('a name alone sets nothing', () => {
    expect(read('A').entries).toEqual(new Map([['A', undefined]]));
  });

  test('lines count on over values of several lines', () => {
    expect(read('A="x\ny"\n\nwhat is this\n').problems).toEqual([
      { line: 4, message: 'expected NAME=VALUE, got "what is this"' },
    ]);
  });

  test('any value comes back from single quotes, if its quotes are escaped and it ends in no backslash', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '$', '"', "'", ' ', '#', '\n', '{', '=') });
    fc.assert(
      fc.property(value, (any) => {
        expect(read(`A='${any.replaceAll("'", "\\'")}'`).entries.get('A')).toBe(any);
      }),
    );
  });

  test('a raw one is taken unchanged', () => {
    expect(parseRawEnvFile('# no\nA="$x" # y\nB\n\nC=a=b').entries).toEqual(
      new Map([
        ['A', '"$x" # y'],
        ['B', undefined],
        ['C', 'a=b'],
      ]),
    );
  });
});

describe('a command', () => {
  test('any words come back, if they are quoted', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '$', '\n', '*') }));
    const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
    fc.assert(
      fc.property(words, (some) => {
        expect(splitCommand(some.map(quote).join(' '))).toEqual({ words: some });
      }),
    );
  });

  test.each([
    ['', []],
    ['  a   b ', ['a', 'b']],
    ['a"b c"d', ['ab cd']],
    ['"\\a\\"\\$"', ['\\a"$']],
    ['a\\ b', ['a b']],
    ['a \\\n b', ['a', 'b']],
    ['-c "x && y" > z', ['-c', 'x && y', '>', 'z']],
  ])('%j is split as a shell does', (text, words) => {
    expect(splitCommand(text)).toEqual({ words });
  });

  test.each(["'a", '"a', 'a\\'])('%j has no end', (text) => {
    expect(splitCommand(text)).toHaveProperty('problem');
  });
});

describe('amounts', () => {
  test.each([
    ['10ms', 10],
    ['40s', 40_000],
    ['1m30s', 90_000],
    ['1h5m30s20ms', 3_930_020],
    ['1.5h', 5_400_000],
    ['100us', 1],
    ['0', 0],
    ['0s', 0],
  ])('the duration %s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '10', 's', '1d', '-1s', '1 s', '1s2'])('%j is not a duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    ['2b', 2],
    ['1024kb', 1_048_576],
    ['2048k', 2_097_152],
    ['300m', 314_572_800],
    ['1gb', 1_073_741_824],
    ['1.5G', 1_610_612_736],
    ['512MiB', 536_870_912],
    ['1024', 1024],
    ['0', 0],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', 'm', '1x', '-1m', '1 2m'])('%j is not an amount of bytes', (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });
});

describe('short forms', () => {
  test('the parts of a port are parsed, whichever are omitted', () => {
    const port = fc.integer({ min: 1, max: 65_535 });
    const range = fc.tuple(port, port).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    const ip = fc.option(fc.constantFrom('127.0.0.1', '::1', '0.0.0.0'), { nil: undefined });
    const protocol = fc.option(fc.constantFrom('tcp', 'udp', 'sctp'), { nil: undefined });
    const show = ({ first, last }: { first: number; last: number }): string => `${first}-${last}`;
    fc.assert(
      fc.property(
        range,
        fc.option(range, { nil: undefined }),
        ip,
        protocol,
        (target, published, hostIp, wire) => {
          const host = hostIp?.includes(':') === true ? `[${hostIp}]` : hostIp;
          const before = hostIp === undefined ? '' : `${host}:`;
          const middle = published === undefined ? (hostIp === undefined ? '' : ':') : `${show(published)}:`;
          const text = `${before}${middle}${show(target)}${wire === undefined ? '' : `/${wire}`}`;
          expect(parsePort(text)).toEqual({
            target,
            protocol: wire ?? 'tcp',
            ...(published === undefined ? {} : { published }),
            ...(hostIp === undefined ? {} : { hostIp }),
          });
        },
      ),
    );
  });

  test.each(['', 'a', '1:', '1:2:3:x', '2-1', '70000', 'x:1:1'])('%j is not a port', (text) => {
    expect(parsePort(text)).toHaveProperty('problem');
  });

  test.each(['', ':/a', 'a:', 'a:b:c:d'])('%j is not a volume', (text) => {
    expect(parseVolume(text)).toHaveProperty('problem');
  });
});
