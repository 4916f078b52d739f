/** A service with two replicas, and five of them in office hours: those of today, then none, then they are deleted. */
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { officeHours } from './office-hours.ts';

await using cluster = await createCluster([...fakeCluster(), ...officeHours()]);
const { api } = cluster;
const replicas = (count: number, when: string) =>
  api
    .wait('service', 'web', ({ spec }) => spec.replicas === count, { timeoutMs: 10_000 })
    .then(() => console.log(`${when}: ${count} replicas`));

const meta = { name: 'web' };
await api.apply({ kind: 'service', meta, spec: { replicas: 2, template: { image: 'web:1' } } });
await replicas(2, 'at first');
await api.apply({ kind: 'officehours', meta, spec: { service: 'web', from: 0, to: 24, replicas: 5 } });
await replicas(5, 'in office hours');
await api.patch('officehours', 'web', { spec: { to: 0 } });
await replicas(2, 'outside of them');
await api.patch('officehours', 'web', { spec: { to: 24 } });
await replicas(5, 'in office hours');
await api.delete('officehours', 'web');
await replicas(2, 'without office hours');
await api.wait('officehours', 'web', 'deleted', { timeoutMs: 10_000 });
