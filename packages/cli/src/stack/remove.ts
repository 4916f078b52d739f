import { idOf } from '@gantry/core/model';
import { deleteAll } from '../actions/delete-all.ts';
import { CORE_KINDS, findKind } from '../cluster/kinds.ts';
import type { Ref } from '../cluster/refs.ts';
import type { Cx } from '../session.ts';
import type { Members } from './members.ts';

const WAIT_MS = 120_000;

/** Deletes services, waits until they are gone, and then deletes their networks. */
export async function removeMembers(
  cx: Cx,
  { services, networks }: Members,
  { dryRun = false, quiet = false }: { readonly dryRun?: boolean; readonly quiet?: boolean } = {},
): Promise<void> {
  const call = { wait: true, timeoutMs: WAIT_MS, dryRun, quiet };
  await deleteAll(
    cx,
    services.map(({ meta }) => ref('service', idOf(meta))),
    call,
  );
  await deleteAll(
    cx,
    networks.map(({ meta }) => ref('network', idOf(meta))),
    call,
  );
}

function ref(kind: string, id: string): Ref {
  return { kind: findKind(kind, CORE_KINDS) as Ref['kind'], id };
}
