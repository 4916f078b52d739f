import { parseConstraint, parseNodeField, type ServiceInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type PlacementInput = NonNullable<ServiceInput['spec']['placement']>;

/** Node fields of Swarm that Gantry does not have. */
const FOREIGN: readonly (readonly [RegExp, string])[] = Object.freeze([
  [/^\s*node\.(id|ip)\b/, 'ask for node.name or node.hostname'],
]);

export function placementOf(service: Cursor): PlacementInput | undefined {
  const placement = service.at('deploy', 'placement');
  if (placement === undefined) return undefined;
  const constraints = (placement.get('constraints')?.items() ?? []).flatMap((cursor) => {
    const text = cursor.text();
    return text !== undefined && isFine(cursor, text, parseConstraint(text)) ? [text] : [];
  });
  const preferences = (placement.get('preferences')?.items() ?? []).flatMap((item) => {
    const cursor = item.get('spread');
    const spread = cursor?.text();
    if (cursor === undefined || spread === undefined) return item.invalid('expected spread') ?? [];
    return isFine(cursor, spread, parseNodeField(spread)) ? [{ spread }] : [];
  });
  const maxReplicasPerNode = placement.get('max_replicas_per_node')?.integer();
  return {
    ...(constraints.length === 0 ? {} : { constraints }),
    ...(preferences.length === 0 ? {} : { preferences }),
    ...(maxReplicasPerNode === undefined ? {} : { maxReplicasPerNode }),
  };
}

function isFine(cursor: Cursor, text: string, parsed: object): boolean {
  if (!('message' in parsed)) return true;
  const foreign = FOREIGN.find(([pattern]) => pattern.test(text));
  if (foreign === undefined) cursor.invalid(`"${text}": ${String(parsed.message)}`);
  else cursor.unsupported(`"${text}": ${foreign[1]}`);
  return false;
}
