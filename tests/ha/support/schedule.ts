import type { Random } from '@gantry/core';
import { SeededRandom } from '@gantry/testing';
import type { Wanted } from './web-service.ts';

/** Which parts can be cut from which; the leader is determined only at that moment. */
export const PARTITIONS = [
  'server-store',
  'leader-store',
  'servers-store',
  'agent-nats',
  'server-nats',
  'leader-nats',
  'everyone-nats',
] as const;

export interface Cut {
  readonly what: (typeof PARTITIONS)[number];
  /** Which of the servers or agents, from 0. */
  readonly index: number;
  /** Nothing gets through, or only answers do not. */
  readonly how: 'cut' | 'loseAnswers';
  readonly afterMs: number;
  readonly forMs: number;
}

/** What the user does meanwhile. */
export interface Act {
  readonly afterMs: number;
  /** Which of the servers that can be used is asked, from 0. */
  readonly index: number;
  readonly wanted: Wanted;
}

export interface Schedule {
  readonly seed: number;
  readonly cuts: readonly Cut[];
  readonly acts: readonly Act[];
}

const PARTS = 3;
const SHORTEST_MS = 500;
const REPLICAS = { least: 2, most: 6 };

/** Partitions drawn from a seed, after a service that is as given; the same for the same arguments. Pure. */
export function drawSchedule(seed: number, longestMs: number, before: Wanted): Schedule {
  const random = new SeededRandom(seed);
  for (let i = 0; i < 8; i++) random.next(); // seeds that are neighbours begin alike
  const first = drawCut(random, longestMs, 0);
  const cuts = [first];
  while (cuts.length < 3 && random.next() < 0.5) cuts.push(drawCut(random, longestMs, first.forMs));
  const endMs = Math.max(...cuts.map(({ afterMs, forMs }) => afterMs + forMs));
  const acts: Act[] = [];
  let wanted = before;
  for (let count = below(random, 3); acts.length < count; ) {
    wanted =
      random.next() < 0.5
        ? { ...wanted, replicas: otherReplicas(random, wanted.replicas) }
        : { ...wanted, version: `s${seed}-${acts.length + 1}` };
    acts.push({ afterMs: Math.round(random.next() * endMs), index: below(random, PARTS), wanted });
  }
  return { seed, cuts, acts: acts.toSorted((a, b) => a.afterMs - b.afterMs).map(inOrder(acts)) };
}

/** One line for each thing that happens. */
export function describeSchedule({ seed, cuts, acts }: Schedule): string {
  const lines = [
    ...cuts.map(({ what, index, how, afterMs, forMs }) => ({
      afterMs,
      text: `${how} ${what} (${index}) for ${forMs} ms`,
    })),
    ...acts.map(({ afterMs, index, wanted }) => ({
      afterMs,
      text: `server ${index}: apply version ${wanted.version} with ${wanted.replicas} replicas`,
    })),
  ];
  const told = lines
    .toSorted((a, b) => a.afterMs - b.afterMs)
    .map(({ afterMs, text }) => `${afterMs} ms: ${text}`);
  return [`seed ${seed}`, ...told].join('\n  ');
}

function drawCut(random: Random, longestMs: number, latestMs: number): Cut {
  return {
    what: PARTITIONS[below(random, PARTITIONS.length)] as Cut['what'],
    index: below(random, PARTS),
    how: random.next() < 0.75 ? 'cut' : 'loseAnswers',
    afterMs: Math.round(random.next() * latestMs),
    forMs: Math.round(SHORTEST_MS * (longestMs / SHORTEST_MS) ** random.next()),
  };
}

function otherReplicas(random: Random, than: number): number {
  const { least, most } = REPLICAS;
  const drawn = least + below(random, most - least);
  return drawn >= than ? drawn + 1 : drawn;
}

/** What is wanted keeps the order in which it was drawn, whenever it is done. */
function inOrder(acts: readonly Act[]): (act: Act, index: number) => Act {
  return (act, index) => ({ ...act, wanted: (acts[index] as Act).wanted });
}

function below(random: Random, count: number): number {
  return Math.floor(random.next() * count);
}
