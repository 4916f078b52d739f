import type { Network, Runtime } from '@gantry/core';
import type { AttachRequest, EnsureOptions } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';
import { describe, expect, test } from 'vitest';
import { setups } from '../src/lifecycle/setup.ts';
import { ImageNeed } from '../src/needs/image-need.ts';
import { NetworkNeed } from '../src/needs/network-need.ts';
import { TEMPLATE } from './support/runner-bed.ts';

const assignment: Assignment = {
  name: 'team/web.1.a',
  service: 'team/web',
  slot: '1',
  template: 't',
  desired: 'running',
  drained: false,
  status: { state: 'assigned', since: 0, ready: false },
};
const template: TemplateSpec = { ...TEMPLATE, networks: [{ name: 'back', aliases: ['db'] }] };
const request = { assignment, template };
const attachment = { networks: [], ports: [], publish: [], env: {} };

function network(): { readonly calls: unknown[]; readonly network: Network } {
  const calls: unknown[] = [];
  const record = (name: string, result?: unknown) => async (value: unknown) => {
    calls.push([name, value]);
    return result;
  };
  const methods = {
    ensure: record('ensure'),
    attach: record('attach', attachment),
    detach: record('detach'),
    check: record('check'),
  };
  return { calls, network: methods as unknown as Network };
}

describe('the network as a need', () => {
  test('creates the networks of the task and attaches it, and undoes that', async () => {
    const { calls, network: engine } = network();
    const spec = { internal: false };
    const need = new NetworkNeed(engine, (name) => (name === 'team/back' ? spec : undefined));
    expect(await need.prepare(request)).toEqual({ attachment });
    await need.undo(assignment.name);
    expect(calls).toMatchObject([
      ['ensure', { name: 'team/back', spec }],
      [
        'attach',
        { task: 'team/web.1.a', service: 'web', networks: [{ name: 'team/back', aliases: ['db'] }] },
      ],
      ['detach', 'team/web.1.a'],
    ]);
  });

  test('checks what it would attach, if the network can', async () => {
    const { calls, network: engine } = network();
    await new NetworkNeed(engine, () => undefined).check?.(request);
    expect(calls).toMatchObject([['check', { task: 'team/web.1.a' } satisfies Partial<AttachRequest>]]);
    const { check: _, ...without } = engine;
    expect(new NetworkNeed(without as Network, () => undefined).check).toBeUndefined();
  });
});

describe('the image as a need', () => {
  test('is fetched ahead if the runtime can', async () => {
    const fetched: unknown[] = [];
    const runtime = { prepare: async (...args: unknown[]) => void fetched.push(args) } as unknown as Runtime;
    const options: EnsureOptions = { onProgress: () => undefined };
    await new ImageNeed(runtime).check?.(request, options);
    expect(fetched).toEqual([[{ task: 'team/web.1.a', template }, options]]);
    expect(new ImageNeed({} as Runtime).check).toBeUndefined();
  });
});

test('the setup of a lifecycle follows from the template and the needs, once for each template', () => {
  const needs = [new NetworkNeed(network().network, () => undefined), new ImageNeed({} as Runtime)];
  const setupOf = setups(needs);
  const check = { intervalMs: 1, timeoutMs: 1, retries: 1, startPeriodMs: 0 };
  const ingress = { target: 80, protocol: 'tcp', mode: 'ingress', published: 80 } as const;
  const served = {
    ...TEMPLATE,
    drainMs: 500,
    ports: [ingress],
    healthChecks: { image: true, readiness: check },
  };
  expect(setupOf(served)).toMatchObject({
    needs: [
      { name: 'network', checks: true, prepares: true, retryReason: 'NetworkUnavailable' },
      { name: 'image', checks: false, prepares: false, retryReason: 'RuntimeUnavailable' },
    ],
    drainMs: 500,
    startupCheck: false,
    readinessCheck: true,
    livenessCheck: false,
  });
  expect(setupOf(served)).toBe(setupOf(served));
  expect(setupOf({ ...TEMPLATE, drainMs: 500 })).toMatchObject({ drainMs: 0, readinessCheck: false });
});
