import type { StoreEvent } from '@gantry/core/contracts';

/** The event of a write, shared by all watches. */
export function storedEvent(key: string, text: string | undefined, revision: number): StoreEvent {
  return Object.freeze({ key, value: text === undefined ? undefined : frozen(JSON.parse(text)), revision });
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const name in value) frozen((value as Record<string, unknown>)[name]);
  return Object.freeze(value);
}
