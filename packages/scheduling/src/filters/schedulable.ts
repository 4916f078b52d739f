import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

interface Word {
  readonly code: string;
  readonly are: string;
  readonly remedy: (node: string) => string;
}

/** The words of a node's state; any other becomes `Node<Word>`. */
const WORDS: Readonly<Record<string, Word>> = Object.freeze({
  down: { code: 'NodeDown', are: 'down', remedy: (node) => `bring ${node} back` },
  pause: { code: 'NodePaused', are: 'paused', remedy: (node) => `make ${node} active again` },
  drain: { code: 'NodeDraining', are: 'draining', remedy: (node) => `make ${node} active again` },
});

/** Only nodes that are ready, active and in contact. */
export const schedulable: GroupFilter = Object.freeze({
  name: 'schedulable',
  shape: () => '',
  prepare: (): PreparedFilter => ({
    check: ({ name, schedulable }) => (schedulable === true ? undefined : rejection(name, schedulable)),
    room: ({ schedulable }) => (schedulable === true ? Number.POSITIVE_INFINITY : 0),
  }),
});

function rejection(node: string, word: string): Rejection {
  const { code, are, remedy } = WORDS[word] ?? unknown(word);
  return {
    code,
    message: `${node} is ${are}`,
    miss: 1,
    remedy: remedy(node),
    reason: [`is ${are}`, `are ${are}`],
  };
}

function unknown(word: string): Word {
  const name = word.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]?)/g, (_, letter: string) =>
    letter.toUpperCase(),
  );
  return { code: `Node${name}`, are: word, remedy: (node) => `make ${node} ready` };
}
