import { type Issue, isGantryError } from '@gantry/core';
import { type ServiceInput, validateInput } from '@gantry/core/model';
import { annotationsOf, objectLabelsOf } from '../load/environment.ts';
import type { Cursor } from '../model/cursor.ts';
import { dependenciesOf } from './dependencies.ts';
import { placementOf } from './placement.ts';
import { restartOf } from './restart.ts';
import type { Stack } from './stack.ts';
import { templateOf } from './template.ts';
import { rollbackOf, updateOf } from './update.ts';

/** Converts a service of a Compose file to one of Gantry. */
export function serviceOf(service: Cursor, key: string, stack: Stack, namespace?: string): ServiceInput {
  const before = service.log.invalids.length;
  const restart = restartOf(service, stack.dialect);
  const dependsOn = dependenciesOf(service, stack);
  const placement = placementOf(service);
  const labels = objectLabelsOf(service.at('deploy', 'labels'));
  const annotations = annotationsOf(service.get('annotations'));
  checkEndpointMode(service.at('deploy', 'endpoint_mode'));
  const input: ServiceInput = {
    kind: 'service',
    meta: {
      name: stack.names.get(key) as string,
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, 'gantry.stack': stack.name, 'gantry.stack.service': key },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...modeOf(service),
      template: templateOf(service, key, stack, restart.condition !== 'none'),
      ...(dependsOn.length === 0 ? {} : { dependsOn }),
      ...(placement === undefined ? {} : { placement }),
      restart,
      update: updateOf(service),
      rollback: rollbackOf(service),
    },
  };
  if (service.log.invalids.length === before) validate(input, service);
  return input;
}

function modeOf(service: Cursor): Pick<ServiceInput['spec'], 'mode' | 'replicas'> {
  const written = service.at('deploy', 'mode');
  const mode = written?.oneOf('replicated', 'global', 'replicated-job', 'global-job') ?? 'replicated';
  const [replicas, scale] = [service.at('deploy', 'replicas'), service.get('scale')];
  const [wanted, scaled] = [replicas?.integer(), scale?.integer()];
  if (wanted !== undefined && scaled !== undefined && wanted !== scaled) {
    scale?.invalid(`contradicts deploy.replicas: ${scaled} and ${wanted}`);
  }
  const count = wanted ?? scaled;
  if (count !== undefined && count > 1) {
    service.get('container_name')?.invalid(`${count} replicas cannot have one name: leave it out`);
  }
  if (mode.endsWith('-job')) {
    written?.unsupported(
      'there are no jobs: use replicated with restart: "no", and let others wait until it has completed',
    );
  }
  if (mode === 'global' || mode === 'global-job') {
    if (count !== undefined) (replicas ?? scale)?.invalid('a global service has one task on each node');
    return { mode: 'global' };
  }
  return count === undefined ? {} : { replicas: count };
}

function checkEndpointMode(cursor: Cursor | undefined): void {
  if (cursor?.oneOf('vip', 'dnsrr') !== 'vip') return;
  cursor.unsupported('a service has no address of its own: its name leads to its tasks (dnsrr)');
}

/** Origin in the file for the parts of an object; the longest match applies. */
const ORIGINS: Readonly<Record<string, readonly string[]>> = Object.freeze({
  'spec.replicas': ['deploy', 'replicas'],
  'spec.template.image': ['image'],
  'spec.template.command': ['entrypoint'],
  'spec.template.args': ['command'],
  'spec.template.env': ['environment'],
  'spec.template.workingDir': ['working_dir'],
  'spec.template.user': ['user'],
  'spec.template.labels': ['labels'],
  'spec.template.ports': ['ports'],
  'spec.template.networks': ['networks'],
  'spec.template.mounts': ['volumes'],
  'spec.template.stopGraceMs': ['stop_grace_period'],
  'spec.template.healthChecks': ['healthcheck'],
  'spec.template.resources': ['deploy', 'resources'],
  'spec.dependsOn': ['depends_on'],
  'spec.placement': ['deploy', 'placement'],
  'spec.restart': ['deploy', 'restart_policy'],
  'spec.update': ['deploy', 'update_config'],
  'spec.rollback': ['deploy', 'rollback_config'],
  'meta.labels': ['deploy', 'labels'],
  'meta.annotations': ['annotations'],
});

/** Lets the core validate the result, and reports its issues at their place in the file. */
function validate(input: ServiceInput, service: Cursor): void {
  try {
    validateInput(input);
  } catch (error) {
    if (!isGantryError(error, 'INVALID_OBJECT')) throw error;
    for (const issue of error.issues) report(issue, service);
  }
}

function report({ path, message }: Issue, service: Cursor): void {
  const origin = Object.keys(ORIGINS)
    .filter((prefix) => path.startsWith(prefix))
    .sort((a, b) => b.length - a.length)[0];
  const cursor = origin === undefined ? undefined : service.at(...(ORIGINS[origin] as readonly string[]));
  (cursor ?? service).invalid(`${path}: ${message}`);
}
