import type { TemplateInput } from '@gantry/core/model';
import { environmentOf, labelsOf } from '../load/environment.ts';
import type { Cursor } from '../model/cursor.ts';
import { commandOf } from './command.ts';
import { healthChecksOf } from './health.ts';
import { imageOf } from './image.ts';
import { loggingOf } from './logging.ts';
import { mountsOf } from './mounts.ts';
import { joinedBy } from './networks.ts';
import { portsOf } from './ports.ts';
import { resourcesOf } from './resources.ts';
import type { Stack } from './stack.ts';

/** Names of the signals that may be given by number. */
const SIGNALS: Readonly<Record<string, string>> = Object.freeze({
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  12: 'SIGUSR2',
  15: 'SIGTERM',
});

/** Converts a service to the template of its tasks. */
export function templateOf(service: Cursor, key: string, stack: Stack, restarts: boolean): TemplateInput {
  const { contents, root } = stack.project;
  const workingDir = service.get('working_dir')?.text();
  const user = service.get('user')?.text();
  const stopSignal = signalOf(service.get('stop_signal'));
  const stopGraceMs = service.get('stop_grace_period')?.duration();
  const resources = resourcesOf(service);
  const healthChecks = healthChecksOf(service, restarts);
  const ports = portsOf(service).map(({ port }) => port);
  const mounts = mountsOf(service, root);
  const env = environmentOf(service, contents);
  const labels = labelsOf(service, contents);
  const logging = loggingOf(service.get('logging'));
  const init = service.get('init')?.boolean();
  return {
    ...imageOf(service, `${stack.project.name}-${key}`),
    ...commandOf(service),
    ...(Object.keys(env).length === 0 ? {} : { env }),
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(user === undefined ? {} : { user }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(resources === undefined ? {} : { resources }),
    ...(ports.length === 0 ? {} : { ports }),
    networks: joinedBy(service, key, stack),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(logging === undefined ? {} : { logging }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(init === true ? { init } : {}),
    ...(stopGraceMs === undefined ? {} : { stopGraceMs }),
    ...(healthChecks === undefined ? {} : { healthChecks }),
  };
}

function signalOf(cursor: Cursor | undefined): string | undefined {
  const text = cursor?.text()?.toUpperCase();
  if (cursor === undefined || text === undefined) return undefined;
  const name = SIGNALS[text] ?? (text.startsWith('SIG') ? text : `SIG${text}`);
  return /^SIG[A-Z0-9]{2,9}$/.test(name) ? name : cursor.unsupported(`unknown stop signal "${text}"`);
}
