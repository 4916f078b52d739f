import { GantryError } from '@gantry/core';
import { type PullReply, subjects } from '@gantry/core/protocol';

/** Subjects of the cluster of the tests. */
export const SUBJECTS = subjects('c');

export const EMPTY_REPLY: PullReply = Object.freeze({
  revision: 1,
  full: true,
  assignments: [],
  removed: [],
  templates: {},
  networks: {},
});

/** A bus whose requests are answered by a function; it records them. */
export class ScriptedBus {
  readonly requests: { readonly subject: string; readonly payload: unknown }[] = [];
  answer: (subject: string, payload: unknown) => unknown;

  constructor(answer: (subject: string, payload: unknown) => unknown) {
    this.answer = answer;
  }

  async request(subject: string, payload: unknown): Promise<unknown> {
    this.requests.push({ subject, payload });
    return this.answer(subject, payload);
  }
}

export function fails(code: 'CONFLICT' | 'UNAVAILABLE' | 'TIMEOUT' | 'INTERNAL'): never {
  throw new GantryError(code, 'as the test wants it');
}
