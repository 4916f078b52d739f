import type { NetworkObject, Service } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import type { Cx } from '../session.ts';

/** The label that identifies the objects of a stack. */
export const STACK_LABEL = 'gantry.stack';

/** The objects of a stack, or of all stacks. */
export interface Members {
  readonly services: readonly Service[];
  readonly networks: readonly NetworkObject[];
}

/** Returns the objects of a stack in the current namespace (default: of every stack). */
export async function membersOf(cx: Cx, name?: string): Promise<Members> {
  const api = await cx.api();
  const { namespace } = await cx.target();
  const labels = name === undefined ? STACK_LABEL : `${STACK_LABEL}=${name}`;
  const select = { namespace, labels, signal: cx.signal };
  const [services, networks] = await Promise.all([
    allPages(api, 'service', select),
    allPages(api, 'network', select),
  ]);
  return { services: services.items, networks: networks.items };
}
