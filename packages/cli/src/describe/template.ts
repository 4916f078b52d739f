import type { HealthCheck, Logging, Mount, TemplateSpec } from '@gantry/core/model';
import { showDuration } from '../output/duration.ts';
import type { Field } from '../output/fields.ts';
import { showAmount, showBytes } from '../output/quantity.ts';
import { pairs } from './common.ts';

/** Describes a template, line by line. */
export function templateFields(template: TemplateSpec): Field[] {
  const { resources, healthChecks } = template;
  const amounts = (of: Readonly<Record<string, number | undefined>>): string =>
    Object.entries(of)
      .flatMap(([name, amount]) => (amount === undefined ? [] : [`${name} ${showAmount(name, amount)}`]))
      .join(', ');
  return [
    ['Image', template.image],
    ['Command', template.command.map(quoted).join(' ')],
    ['Arguments', template.args.map(quoted).join(' ')],
    ['Environment', pairs(template.env)],
    ['Working folder', template.workingDir],
    ['User', template.user],
    ['Requests', amounts(resources.requests)],
    ['Limits', amounts(resources.limits)],
    ['Ports', template.ports.map(showPort)],
    [
      'Networks',
      template.networks.map(({ name, aliases }) =>
        aliases.length === 0 ? name : `${name} (${aliases.join(', ')})`,
      ),
    ],
    ['Mounts', template.mounts.map(showMount)],
    ...(['startup', 'readiness', 'liveness'] as const).map((name): Field => {
      const check = healthChecks[name];
      return [
        `${name[0]?.toUpperCase()}${name.slice(1)} check`,
        check === undefined ? undefined : showCheck(check),
      ];
    }),
    ['Image check', template.image === undefined ? undefined : showImageCheck(healthChecks.image)],
    ['Logging', template.logging === undefined ? undefined : showLogging(template.logging)],
    ['Init process', template.init ? 'yes' : undefined],
    [
      'Stop',
      `${template.stopSignal ?? (template.image === undefined ? 'SIGTERM' : "the image's stop signal")}, killed after ${showDuration(template.stopGraceMs)}; connections have ${showDuration(template.drainMs)} to end`,
    ],
  ];
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word));

function showPort({
  name,
  target,
  published,
  protocol,
  mode,
  appProtocol,
}: TemplateSpec['ports'][number]): string {
  const outside = published === undefined ? '' : `${published === 0 ? 'any port' : published} → `;
  const extra = [name, mode === 'host' ? 'host mode' : undefined, appProtocol].filter(
    (part) => part !== undefined,
  );
  return `${outside}${target}/${protocol}${extra.length === 0 ? '' : ` (${extra.join(', ')})`}`;
}

function showMount(mount: Mount): string {
  if (mount.type === 'tmpfs')
    return `tmpfs at ${mount.target}${mount.size === undefined ? '' : `, ${showBytes(mount.size)}`}`;
  if (mount.type === 'bind')
    return [`${mount.source} at ${mount.target}`, ...(mount.readOnly ? ['read-only'] : []), mount.propagation]
      .filter((part) => part !== undefined)
      .join(', ');
  return JSON.stringify(mount);
}

function showImageCheck(image: TemplateSpec['healthChecks']['image']): string | undefined {
  if (typeof image === 'boolean') return image ? undefined : 'turned off';
  const { intervalMs, timeoutMs, retries, startPeriodMs } = image;
  const changes = [
    intervalMs === undefined ? undefined : `every ${showDuration(intervalMs)}`,
    timeoutMs === undefined ? undefined : `within ${showDuration(timeoutMs)}`,
    retries === undefined ? undefined : `${retries} in a row`,
    startPeriodMs === undefined ? undefined : `the first ${showDuration(startPeriodMs)} do not count`,
  ].filter((change) => change !== undefined);
  return changes.length === 0 ? undefined : `changed: ${changes.join(', ')}`;
}

function showLogging({ driver = "the engine's default", options }: Logging): string {
  const list = pairs(options);
  return list.length === 0 ? driver : `${driver} (${list.join(', ')})`;
}

function showCheck({ exec, http, tcp, intervalMs, timeoutMs, retries, startPeriodMs }: HealthCheck): string {
  const what =
    exec !== undefined
      ? exec.command.map(quoted).join(' ')
      : http !== undefined
        ? `GET :${http.port}${http.path}`
        : `connect to :${tcp?.port}`;
  const grace = startPeriodMs === 0 ? '' : `, the first ${showDuration(startPeriodMs)} do not count`;
  return `${what}, every ${showDuration(intervalMs)}, within ${showDuration(timeoutMs)}, ${retries} in a row${grace}`;
}
