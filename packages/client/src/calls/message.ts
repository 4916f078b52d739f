import { GantryError } from '@gantry/core';
import { errorOf } from '../http/problem.ts';

export interface Message {
  readonly type: string;
  readonly code?: unknown;
}

/** Parses a message. @throws the error that an error message contains. */
export function messageOf(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GantryError('INTERNAL', 'the server sent a message that is not JSON', { cause: error });
  }
  const { type, problem } = (value ?? {}) as Record<string, unknown>;
  if (type === 'error') throw errorOf(problem, 500);
  return value as Message;
}
