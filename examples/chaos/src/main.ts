/** Twenty histories of a service under faults, each some minutes long, in a few seconds. */
import type { ServiceInput } from '@gantry/core/model';
import {
  type Action,
  faults,
  type Invariant,
  nothingRunsUnknown,
  runScenario,
  type Scenario,
  servicesSettle,
  slotsHaveOneTask,
} from '@gantry/simulation';

const web = (version: number): ServiceInput => ({
  kind: 'service',
  meta: { name: 'web' },
  spec: { replicas: 4, template: { image: `web:${version}`, drainMs: 0 }, update: { monitorMs: 1000 } },
});

/** A user who deploys a new version now and then, unless the control plane is down. */
const deploy: Action = {
  name: 'deploy web',
  weight: 4,
  async run({ cluster, below }) {
    if (cluster.isControlled) await cluster.api.apply(web(below(5)));
  },
};

/** A law of our own: however updates were interrupted, in the end all tasks run one version. */
const isOneVersion: Invariant = (cluster) => async () => {
  const ready = (await cluster.tasks()).filter(({ status }) => status.ready);
  const versions = new Set(ready.map(({ spec }) => spec.template));
  return versions.size <= 1 ? [] : [`${ready.length} tasks run ${versions.size} versions`];
};

const scenario: Scenario = {
  machines: { 'node-1': {}, 'node-2': {}, 'node-3': {} },
  actions: [deploy, ...Object.values(faults)],
  always: [slotsHaveOneTask],
  finally: [servicesSettle, nothingRunsUnknown, isOneVersion],
};

let failed = 0;
for (let seed = 1; seed <= 20; seed++) {
  const { problems, log } = await runScenario(scenario, { seed });
  if (problems.length === 0) continue;
  failed++;
  console.log([`seed ${seed}:`, ...problems, ...log].join('\n  '));
}
console.log(`20 histories, ${failed} with problems`);
process.exitCode = failed === 0 ? 0 : 1;
