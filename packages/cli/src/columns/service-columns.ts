import type { Service } from '@gantry/core/model';
import type { Column } from '../output/columns.ts';
import { AGE, NAME, showLabels, tint } from './common.ts';

/** The image, such as `nginx:1.28`, or the command of a service without an image. */
export function showImage({ image, command }: Service['spec']['template']): string {
  return image ?? command.join(' ');
}

/** Formats ports as `8080→80/tcp`, or `80/tcp` for a port that is not published. */
export function showPorts({ spec, status }: Service): string {
  const ports = spec.template.ports.map(({ target, published, protocol, mode }) => {
    const served = status.published.find((each) => each.target === target && each.protocol === protocol);
    const inside = `${target}/${protocol}`;
    if (published === undefined) return inside;
    if (mode === 'host') return `${published || '?'}→${inside} (host)`;
    if (served === undefined) return `${published || '?'}→${inside} (not served)`;
    return `${served.port}→${inside}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

/** Summarizes the state of a service in one word. */
export function serviceState({ meta, spec, status }: Service): string {
  if (meta.deletedAt !== undefined) return 'deleting';
  if (spec.paused) return 'paused';
  const { update } = status;
  if (update !== undefined && update.state !== 'completed' && update.state !== 'rollback-completed') {
    return update.state;
  }
  const { progress } = status;
  if (status.observedGeneration < meta.generation || progress === undefined) return 'pending';
  if (progress.state === 'complete') return 'complete';
  if (progress.state === 'failed') return `failed: ${progress.reason}`;
  return status.ready >= status.desired ? 'ready' : 'starting';
}

export const SERVICE_COLUMNS: readonly Column<Service>[] = Object.freeze([
  NAME,
  { title: 'MODE', cell: ({ spec }: Service) => spec.mode },
  {
    title: 'READY',
    cell: ({ status }: Service, { colors }) => {
      const text = `${status.ready}/${status.desired}`;
      return status.ready >= status.desired ? text : colors.yellow(text);
    },
  },
  { title: 'UPDATED', cell: ({ status }: Service) => String(status.updated) },
  { title: 'STATE', cell: (service: Service, { colors }) => tint(colors, serviceState(service)) },
  { title: 'IMAGE', cell: ({ spec }: Service) => short(showImage(spec.template)) },
  { title: 'PORTS', cell: showPorts },
  AGE,
  { title: 'TEMPLATE', wide: true, cell: ({ status }: Service) => status.template || '<none>' },
  { title: 'NETWORKS', wide: true, cell: networks },
  { title: 'LABELS', wide: true, cell: ({ meta }: Service) => showLabels(meta.labels) },
]);

function networks({ spec }: Service): string {
  const names = spec.template.networks.map(({ name }) => name);
  return names.length === 0 ? '<none>' : names.join(',');
}

/** Shortens a text to one line of at most 40 characters. */
export function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}
