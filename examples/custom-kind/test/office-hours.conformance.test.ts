import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { controllerKit, kindKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { officeHours, officeHoursKind } from '../src/office-hours.ts';

const service = {
  kind: 'service',
  meta: { name: 'web' },
  spec: { replicas: 2, template: { image: 'web:1' } },
} as const;
const hours = {
  kind: 'officehours',
  meta: { name: 'web' },
  spec: { service: 'web', from: 0, to: 24, replicas: 5 },
} as const;

conformance(kindKit, 'officehours', () => ({ subject: { definition: officeHoursKind, inputs: [hours] } }));

conformance(controllerKit, 'acme/office-hours', () => ({
  subject: {
    plugin: 'acme/office-hours',
    plugins: () => [...fakeCluster({ logLevel: 'silent' }), ...officeHours()],
    create: createCluster,
    inputs: [service, hours],
    done: async (api) => (await api.get('service', 'web')).spec.replicas === 5,
    undone: async (api) => (await api.get('service', 'web')).spec.replicas === 2,
  },
}));
