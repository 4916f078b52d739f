import { GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { JsonLogger, jsonLogger } from '../src/logger.ts';

function logger(level: 'debug' | 'warn' | 'silent'): { log: JsonLogger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  return { log: new JsonLogger(level, (line) => lines.push(JSON.parse(line))), lines };
}

describe('the JSON logger', () => {
  test('writes one JSON object a line, with time, level, message and fields', () => {
    const { log, lines } = logger('debug');
    log.debug('starting', { port: 1 });
    expect(lines).toEqual([{ time: expect.any(String), level: 'debug', message: 'starting', port: 1 }]);
    expect(Number.isNaN(Date.parse(lines[0]?.time as string))).toBe(false);
  });

  test('omits lines below its level', () => {
    for (const [level, wanted] of [
      ['debug', ['debug', 'info', 'warn', 'error']],
      ['warn', ['warn', 'error']],
      ['silent', []],
    ] as const) {
      const { log, lines } = logger(level);
      for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]('x');
      expect(lines.map((line) => line.level)).toEqual(wanted);
    }
  });

  test('a child adds its fields to every line and keeps the level', () => {
    const { log, lines } = logger('warn');
    const child = log.child({ node: 'n1' }).child({ task: 't1' });
    child.info('no');
    child.warn('yes', { task: 't2' });
    expect(lines).toMatchObject([{ message: 'yes', node: 'n1', task: 't2' }]);
  });

  test('an error shows its message, code and cause', () => {
    const { log, lines } = logger('warn');
    log.error('failed', { error: new GantryError('CLOSED', 'it is closed', { cause: new Error('why') }) });
    expect(lines[0]?.error).toMatchObject({
      code: 'CLOSED',
      message: 'it is closed',
      cause: { name: 'Error', message: 'why' },
    });
  });

  test('the plugin rejects an unknown level', () => {
    expect(() => jsonLogger({ level: 'loud' as 'warn' })).toThrow(/logger-json: level/);
  });
});
