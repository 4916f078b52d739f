import { GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { RunnerBed } from './support/runner-bed.ts';

const portTaken = async (): Promise<never> => {
  throw new GantryError('CONFLICT', 'network-x: port 80/tcp is taken', { details: { reason: 'PortTaken' } });
};
const unavailable = async (): Promise<never> => {
  throw new GantryError('UNAVAILABLE', 'the engine does not answer');
};

describe('a task that is to be prepared', () => {
  test('is rejected with the reason of its network if its host port is taken, and prepares nothing', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    bed.staged.check = portTaken;
    void bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'rejected', reason: 'PortTaken' });
    expect(bed.calls).not.toContain('prepare');
    expect(bed.calls).not.toContain('attach');
  });

  test('is checked before its image is fetched, and starts only when its turn has come', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    void bed.runner.start();
    await bed.clock.advance(60_000);
    expect(bed.calls).toEqual(['check', 'prepare']);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'Prepared' });
    bed.runner.update({ ...bed.assignment, desired: 'running' });
    await bed.clock.advance(0);
    expect(bed.calls).toEqual(['check', 'prepare', 'attach', 'ensure']);
    expect(bed.status).toMatchObject({ state: 'running', ready: true });
  });

  test('is checked again while the network does not answer', async () => {
    const bed = new RunnerBed({ desired: 'prepared' });
    bed.staged.check = unavailable;
    void bed.runner.start();
    await bed.clock.advance(0);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'NetworkUnavailable' });
    delete bed.staged.check;
    await bed.clock.advance(200);
    expect(bed.status).toMatchObject({ state: 'preparing', reason: 'Prepared' });
  });
});
