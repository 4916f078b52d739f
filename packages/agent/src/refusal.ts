import type { Network, Runtime, TemplateSpec } from '@gantry/core';

/** What of a template this node cannot honour, in words; undefined when it can do all of it. Nothing is ignored quietly. */
export function refusal(template: TemplateSpec, runtime: Runtime, network: Network): string | undefined {
  const { supports } = runtime;
  const { limits } = template.resources;
  const { startup, readiness, liveness } = template.healthChecks;
  const checks = [startup, readiness, liveness];
  const problems: (string | false)[] = [
    template.image !== undefined && !supports.images && 'image: this runtime runs commands, not images',
    template.command.length === 0 && !supports.images && 'command: this runtime needs one',
    limits.cpu !== undefined && !supports.limits.cpu && 'resources.limits.cpu: this runtime cannot limit CPU',
    limits.memory !== undefined &&
      !supports.limits.memory &&
      'resources.limits.memory: this runtime cannot limit memory',
    limits.pids !== undefined &&
      !supports.limits.pids &&
      'resources.limits.pids: this runtime cannot limit the number of processes',
    template.init && !supports.init && 'init: this runtime has no init process',
    template.user !== undefined && !supports.user && 'user: this runtime cannot change the user',
    ...template.mounts.map(
      ({ type, target }) =>
        !supports.mounts.includes(type) && `mounts ${target}: this runtime has no ${type} mounts`,
    ),
    ...template.ports.map(
      ({ protocol, target }) =>
        !network.supports.protocols.includes(protocol) && `ports ${target}: this network has no ${protocol}`,
    ),
    template.networks.length > 0 &&
      !network.supports.networks &&
      "networks: this node has only the host's network",
    checks.some((check) => check?.exec !== undefined) &&
      !supports.exec &&
      'healthChecks: this runtime cannot exec',
  ];
  const found = problems.filter((problem) => problem !== false);
  return found.length === 0 ? undefined : found.join('; ');
}
