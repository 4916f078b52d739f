import { GantryError } from '@gantry/core';
import { expect, test } from 'vitest';
import { rejection, retryProblem } from '../src/problem.ts';

test.each([
  ['docker: start of "web.1.abc": port is already allocated', 'port is already allocated'],
  ['runtime-process: "web.1.abc" cannot start: command: not found', 'cannot start: command: not found'],
  ['runtime-x: "web.1.abc": cannot pull "web:1"', 'cannot pull "web:1"'],
  ['docker: cannot pull "web:1" from registry "r"', 'docker: cannot pull "web:1" from registry "r"'],
  ['volume "web.1.abc" is full', 'volume "web.1.abc" is full'],
  ['runtime-x: "web.2.def" is in the way', 'runtime-x: "web.2.def" is in the way'],
])('%s, as the status of its task', (message, expected) => {
  const error = new GantryError('CONFLICT', message);
  expect(rejection('web.1.abc', error)).toEqual({ reason: 'CONFLICT', message: expected });
  expect(retryProblem('web.1.abc', error, { reason: 'RuntimeUnavailable', retryAt: 7 })).toEqual({
    reason: 'RuntimeUnavailable',
    message: expected,
    retryAt: 7,
  });
});
