import { ok, rejects } from 'node:assert/strict';
import { type GantryError, isGantryError } from '@gantry/core';
import type { AttachRequest } from '@gantry/core/contracts';
import type { Protocol } from '@gantry/core/model';
import type { CaseContext } from '../kit.ts';
import { ask, type NetworkCase, type NetworkSubject, onHost } from './subject.ts';

const needsCheck = ({ network }: NetworkSubject): string | undefined =>
  network.check === undefined ? 'it has no check' : undefined;

const portTaken = (error: unknown): boolean => {
  ok(isGantryError(error, 'CONFLICT'), `expected CONFLICT, got ${String(error)}`);
  ok((error as GantryError).details.reason === 'PortTaken', 'the error has the reason PortTaken');
  return true;
};

async function check({ network }: NetworkSubject, request: AttachRequest, context: CaseContext) {
  await context.within(network.check?.(request) ?? Promise.resolve(), 'check');
}

/** Runs `work` while a program outside of the cluster holds a port. */
async function whileOccupied(
  { occupy }: NetworkSubject,
  [port, protocol]: readonly [number, Protocol],
  work: () => Promise<void>,
): Promise<void> {
  ok(occupy !== undefined, 'the subject of a network with `check` needs `occupy`');
  const release = await occupy(port, protocol);
  try {
    await work();
  } finally {
    await release();
  }
}

/** The promises of `check`. */
export const checkCases: readonly NetworkCase[] = [
  {
    name: 'check fails with CONFLICT and PortTaken while another program holds a host port',
    skip: needsCheck,
    async run(subject, context) {
      const [free = 0, port = 0] = await subject.freePorts(2);
      const request = ask('a', { ports: [...onHost(80, free), ...onHost(81, port)] });
      await whileOccupied(subject, [port, 'tcp'], () => rejects(check(subject, request, context), portTaken));
      await check(subject, request, context);
    },
  },
  {
    name: 'check does not object to a host port of another task, even while that task listens on it',
    skip: needsCheck,
    async run(subject, context) {
      const [port = 0] = await subject.freePorts(1);
      const ports = onHost(80, port);
      await context.within(subject.network.attach(ask('a', { ports })), 'attach');
      await whileOccupied(subject, [port, 'tcp'], () => check(subject, ask('b', { ports }), context));
    },
  },
  {
    name: 'check reserves nothing',
    skip: needsCheck,
    async run(subject, context) {
      const [port = 0] = await subject.freePorts(1);
      const ports = onHost(80, port);
      for (const task of ['a', 'b']) await check(subject, ask(task, { ports }), context);
      await context.within(subject.network.attach(ask('b', { ports })), 'attach');
    },
  },
  {
    name: 'check distinguishes TCP from UDP, and ignores ports that are not of the host',
    skip: needsCheck,
    async run(subject, context) {
      const [port = 0] = await subject.freePorts(1);
      const ports = [
        { target: 53, protocol: 'udp', host: port },
        { target: port, protocol: 'tcp' },
      ] as const;
      await whileOccupied(subject, [port, 'tcp'], () => check(subject, ask('a', { ports }), context));
    },
  },
];
