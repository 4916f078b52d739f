import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bed } from './support/bed.ts';
import { fakeBed } from './support/fake-bed.ts';
import { life, type SpecPart, type TemplatePart } from './support/row.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await fakeBed(1); // the fake counts failed starts for each node
});
afterAll(() => bed[Symbol.asyncDispose]());

const apply = (name: string, template: TemplatePart, restart: SpecPart['restart'] = { delayMs: 1000 }) => {
  const spec = { replicas: 1, restart, template: { image: 'app:1', ...template } };
  const stdin = JSON.stringify({ kind: 'service', meta: { name }, spec });
  return bed.run(['apply', '-f', '-', '--wait', '--timeout', '5m'], { stdin });
};
const attemptsOf = async (name: string): Promise<number> => {
  const { items } = await bed.api.list('task', { fields: `spec.service=${name}` });
  return Math.max(...items.map(({ spec }) => spec.attempt));
};
const rejected = (times: string) =>
  life({ 'fail-first': times, 'fail-reason': 'CommandNotFound', 'fail-message': 'cannot run "/app"' });
const crashes = life({ 'exit-after-ms': '10', 'exit-code': '7' });

describe('an unchanged service that is applied again', () => {
  test.each([
    ['rejected', rejected('99'), /rejected 5 times in a row: cannot run/],
    ['crashing', crashes, /failed 5 times in a row: exit code 7/],
  ])('fails with the outcome of the next attempt: %s', async (name, template, message) => {
    expect(await apply(name, template)).toMatchObject({ code: 1 });
    const attempts = await attemptsOf(name);
    const again = await apply(name, template);
    expect(again.out).toContain(`service/${name} unchanged`);
    expect(again).toMatchObject({ code: 1, err: expect.stringMatching(message) });
    expect(await attemptsOf(name)).toBe(attempts + 1);
  });

  test('succeeds if the next attempt stays ready', async () => {
    const template = rejected('4');
    expect(await apply('recovers', template)).toMatchObject({ code: 1 });
    const again = await apply('recovers', template);
    expect(again, again.err).toMatchObject({
      code: 0,
      out: expect.stringContaining('service/recovers is up to date'),
    });
  });

  test('fails at once if no further attempt follows', async () => {
    expect(await apply('gave-up', crashes, { condition: 'none' })).toMatchObject({ code: 1 });
    expect(await apply('gave-up', crashes, { condition: 'none' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('not restarted'),
    });
    expect(await attemptsOf('gave-up')).toBe(1);
  });
});

test('`rollout status` reports the failure of the attempts so far', async () => {
  expect(await apply('asked', rejected('99'))).toMatchObject({ code: 1 });
  const attempts = await attemptsOf('asked');
  expect(await bed.run(['rollout', 'status', 'asked'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('rejected 4 times in a row'),
  });
  expect(await attemptsOf('asked')).toBe(attempts);
});
