import type { DesiredState } from '@gantry/core/model';
import fc from 'fast-check';
import type { LifecycleSetup } from '../../src/lifecycle/lifecycle-state.ts';
import { LifecycleWorld, type Next, type Outcome } from './lifecycle-world.ts';

/** What happens to one task, drawn as numbers: they are decoded when the history is run. */
export interface History {
  readonly setup: number;
  readonly actions: readonly number[];
}

const DESIRED: readonly DesiredState[] = ['running', 'prepared', 'running', 'shutdown'];
const OUTCOMES: readonly Outcome[] = [
  'succeeds',
  'succeeds',
  'succeeds',
  'is-unavailable',
  'succeeds',
  'is-rejected',
  'succeeds',
  'done-but-failed',
];
const CHECKS = ['startup', 'readiness', 'liveness'] as const;
const VERDICTS = ['passed', 'failing', 'failed'] as const;

export const histories: fc.Arbitrary<History> = fc.record({
  setup: fc.nat(2 ** 16 - 1),
  actions: fc.array(fc.nat(2 ** 12 - 1), { maxLength: 24 }),
});

/** Runs a history against a lifecycle, and returns the world at its end, when everything has settled. */
export function runHistory(next: Next, { setup, actions }: History): LifecycleWorld {
  const runs = (setup & 3) === 3;
  const desired = runs ? (['running', 'shutdown'] as const)[(setup >> 2) & 1] : DESIRED[(setup >> 2) & 3];
  const world = new LifecycleWorld(next, setupOf(setup >> 4), { desired: desired ?? 'running', runs });
  for (const action of actions) act(world, action);
  world.calm();
  return world;
}

function setupOf(bits: number): LifecycleSetup {
  const bit = (index: number): boolean => ((bits >> index) & 1) === 1;
  const need = (index: number) => ({
    name: `need-${index}`,
    checks: bit(index * 2),
    prepares: bit(index * 2 + 1),
    retryReason: 'NetworkUnavailable' as const,
  });
  return {
    needs: [need(0), need(1), need(2)],
    drainMs: bit(6) ? 1000 : 0,
    stopGraceMs: 1000,
    stopSignal: undefined,
    startupCheck: bit(7),
    readinessCheck: bit(8),
    livenessCheck: bit(9),
  };
}

/** Half of the actions let a call return or a timer fire: otherwise, few tasks would get far. */
function act(world: LifecycleWorld, action: number): void {
  const value = action >> 4;
  const kind = action & 15;
  if (kind === 0) world.want('running');
  else if (kind === 1) world.want((value & 1) === 0 ? 'shutdown' : 'running');
  else if (kind === 2) world.exit(value & 3);
  else if (kind <= 4) world.check(CHECKS[value % 3] ?? 'startup', VERDICTS[(value >> 2) % 3] ?? 'passed');
  else if (kind === 5) world.feed({ type: 'drained' });
  else if (kind === 6) world.feed({ type: 'creating' });
  else if (kind === 7 && (value & 7) === 0) world.remove((value & 8) * 100);
  else if (kind === 7 && value === 255) world.abandon();
  else if (kind <= 9) world.elapse();
  else world.settle(value >> 3, OUTCOMES[value & 7] ?? 'succeeds');
}
