import type { TemplateSpec } from './template.ts';

/**
 * What the drivers of a node can honour, and what a template or a command needs, as words: `images`, `commands`, `exec`,
 * `exec.user`, `init`, `logging`, `user`, `limits.cpu`, `mounts.bind`, `networks`, `ports.udp`. A node shows those that it
 * has; a task is placed only where it has all that the task needs. `balancer.NAME.WHAT` shows a protocol or policy that a
 * load balancer of its machine supports.
 */
export type Feature = string;

/** The features that a template needs, each once. */
export function featuresOfTemplate(template: TemplateSpec): readonly Feature[] {
  const { startup, readiness, liveness } = template.healthChecks;
  const { limits } = template.resources;
  const needs = new Set<Feature>([template.image === undefined ? 'commands' : 'images']);
  if ([startup, readiness, liveness].some((check) => check?.exec !== undefined)) needs.add('exec');
  if (template.init) needs.add('init');
  if (template.logging !== undefined) needs.add('logging');
  if (template.user !== undefined) needs.add('user');
  for (const resource of LIMITED) if (limits[resource] !== undefined) needs.add(`limits.${resource}`);
  for (const { type } of template.mounts) needs.add(`mounts.${type}`);
  if (template.networks.length > 0) needs.add('networks');
  for (const { protocol } of template.ports) needs.add(`ports.${protocol}`);
  return [...needs];
}

const LIMITED = ['cpu', 'memory', 'pids'] as const;

const TEXTS: Readonly<Record<string, string>> = Object.freeze({
  images: 'image: its runtime runs commands, not images',
  commands: 'image: its runtime runs images, and the template has none',
  exec: 'healthChecks: its runtime cannot run commands in a task',
  init: 'init: its runtime has no init process',
  logging: 'logging: its runtime has no log drivers',
  user: 'user: its runtime cannot change the user',
  'limits.cpu': 'resources.limits.cpu: its runtime cannot limit CPU',
  'limits.memory': 'resources.limits.memory: its runtime cannot limit memory',
  'limits.pids': 'resources.limits.pids: its runtime cannot limit the number of processes',
  networks: "networks: it has only the host's network",
});

/** Why a node without this feature cannot run a template that needs it, naming the field. */
export function featureText(feature: Feature): string {
  const known = TEXTS[feature];
  if (known !== undefined) return known;
  const [what, which] = feature.split('.');
  if (what === 'mounts') return `mounts: its runtime has no ${which} mounts`;
  if (what === 'ports') return `ports: its network has no ${which}`;
  return feature;
}
