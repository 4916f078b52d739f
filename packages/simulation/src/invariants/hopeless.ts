import type { TemplateSpec } from '@gantry/core/model';

const HOPELESS: readonly string[] = Object.freeze(['missing', 'unreachable', 'hang']);

/** Whether a template cannot become ready on any node, by its simulated life. */
export function isHopeless(template: Pick<TemplateSpec, 'labels'> | undefined): boolean {
  return HOPELESS.includes(template?.labels['fake/pull'] ?? '');
}
