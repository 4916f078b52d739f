import { contracts, provide } from '@gantry/core';
import { inputSchema, type KindDefinition } from '@gantry/core/model';
import { fakeCluster } from '@gantry/presets/fake';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EXIT } from '../../packages/cli/src/index.ts';
import { Terminal } from '../../packages/cli/test/support/terminal.ts';
import { ADMIN_TOKEN, type Served, serve } from './support/served.ts';

/** A kind of a plugin, whose schemas describe themselves. */
const lamp = {
  kind: 'lamp',
  plural: 'lamps',
  shortNames: ['lp'],
  namespaced: true,
  description: 'Shines.',
  input: inputSchema(
    'lamp',
    z.strictObject({
      watts: z.int().min(1).max(100).default(7).describe('Power, in watts.'),
      bulbs: z.array(z.strictObject({ color: z.enum(['red', 'white']).describe('Color of the light.') })),
    }),
  ),
  status: z.object({ lit: z.boolean().describe('Whether it shines.') }),
} as unknown as KindDefinition;

let served: Served;
let terminal: Terminal;
beforeAll(async () => {
  const plugins = [...fakeCluster({ logLevel: 'silent' }), provide(contracts.kind, lamp, 'acme/lamp')];
  served = await serve({}, { plugins, nodes: 0 });
  terminal = await Terminal.open({
    real: true,
    env: { GANTRY_SERVER: served.url, GANTRY_TOKEN: ADMIN_TOKEN },
  });
});
afterAll(async () => {
  await terminal[Symbol.asyncDispose]();
  await served[Symbol.asyncDispose]();
});

describe('gantry explain FIELD', () => {
  test('prints type, range, default and description of a field', async () => {
    expect(await terminal.run('explain service.spec.update.monitorMs')).toEqual({
      code: EXIT.ok,
      err: '',
      out: `KIND:    service
FIELD:   spec.update.monitorMs
TYPE:    integer, 0 to 604800000
DEFAULT: 5000

How long a new task must stay ready before it counts as updated; if it ends in this time, it has failed, ms.
`,
    });
  });

  test('lists the fields below, with their descriptions', async () => {
    const { out } = await terminal.run('explain service.spec.template.ports');
    expect(out).toContain('TYPE:    list of object');
    expect(out).toMatch(
      /FIELDS:\n[\s\S]* {2}target {2}<integer, 1 to 65535, required>\n {6}Port on which the workload listens\.\n/,
    );
    expect(out).toContain('  protocol  <"tcp" or "udp", default: "tcp">\n');
  });

  test.each([
    ['svc.spec.template.ports[0].target', 'FIELD:   spec.template.ports.target'],
    ['service.spec.template.healthChecks.liveness.http.path', 'DEFAULT: "/"'],
    ['service.status.progress.state', '"complete" or "failed"'],
    ['service.meta.labels', 'TYPE:    map'],
    ['node.spec.taints.effect', '"NoSchedule" or "NoExecute"'],
    ['task.status.exitCode', 'Absent while it runs'],
    ['template.spec.image', 'Image reference'],
    ['event.spec.regarding.kind', 'Kind of the object.'],
    ['network.spec', '  subnet  <string>\n'],
  ])('finds %s', async (word, part) => {
    const { out, err } = await terminal.run(['explain', word]);
    expect(err).toBe('');
    expect(out).toContain(part);
  });

  test('reads the schemas of a kind of a plugin from the cluster', async () => {
    const { out } = await terminal.run('explain lamp.spec');
    expect(out).toContain('  watts  <integer, 1 to 100, default: 7>\n      Power, in watts.\n');
    expect((await terminal.run('explain lp.spec.bulbs.color')).out).toContain('Color of the light.');
    expect((await terminal.run('explain lamp.status.lit')).out).toContain('Whether it shines.');
    expect((await terminal.run('explain lamp.meta.name')).out).toContain('A DNS label');
  });

  test('prints the schema as JSON', async () => {
    const { out } = await terminal.run('explain service.spec.replicas -o json');
    expect(JSON.parse(out)).toMatchObject({
      kind: 'service',
      path: 'spec.replicas',
      schema: { type: 'integer', default: 1, description: expect.stringContaining('Number of tasks') },
    });
  });

  test('rejects an unknown field with the closest name, and an unknown kind', async () => {
    expect(await terminal.run('explain service.spec.update.monitorMS')).toMatchObject({
      out: '',
      err: expect.stringMatching(/field "spec\.update\.monitorMS" of service not found[\s\S]*monitorMs/),
    });
    expect((await terminal.run('explain sheep.spec.wool')).err).toContain('unknown kind "sheep"');
  });
});

test('the API document describes the fields of objects and of inputs', async () => {
  const schemas = await served.client.schemas();
  expect(schemas.service?.properties?.status?.properties?.ready?.description).toMatch(/ready for traffic/);
  expect(schemas['service-input']?.properties?.spec?.properties?.replicas?.description).toMatch(
    /Number of tasks/,
  );
  expect(schemas.meta?.properties?.uid?.description).toMatch(/Unique over time/);
  expect(schemas.lamp?.properties?.status?.properties?.lit?.description).toBe('Whether it shines.');
});
