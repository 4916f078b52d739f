import { isFinal, type Node, type Task } from '@gantry/core/model';
import type { Invariant } from '../scenario.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';
import { nodesOf } from '../stored.ts';

/** A node that has just returned keeps its task until the controller has asked it to stop, ms. */
const RETURN_MS = 3000;

/** A slot has one task, and a second one only while it is handed over. */
export const slotsHaveOneTask: Invariant = (cluster) => async () => {
  const nodes = await nodesOf(cluster);
  const slots = new Map<string, Task[]>();
  for (const task of await cluster.tasks()) {
    const { node, service, slot, desired } = task.spec;
    if (isFinal(task.status.state) || desired !== 'running') continue;
    if (node !== undefined && nodes.get(node)?.status.state !== 'ready') continue;
    const id = `${service}/${slot}`;
    slots.set(id, [...(slots.get(id) ?? []), task]);
  }
  return [...slots].flatMap(([slot, live]) => crowded(slot, live, nodes, cluster));
};

function crowded(
  slot: string,
  live: readonly Task[],
  nodes: ReadonlyMap<string, Node>,
  { clock }: SimulatedCluster,
): readonly string[] {
  const [first] = live;
  if (first === undefined || live.length === 1) return [];
  const names = live.map(({ meta, spec }) => `${meta.name}@${spec.node}`).join(', ');
  const many = live.length > 2 ? [`slot ${slot} has ${live.length} tasks: ${names}`] : [];
  const isMoving = live.some(
    ({ spec }) =>
      spec.template !== first.spec.template ||
      spec.restartedAt !== first.spec.restartedAt ||
      (spec.node !== undefined && isLeft(nodes.get(spec.node))),
  );
  const isBack = live.some(
    ({ spec }) => (nodes.get(spec.node ?? '')?.status.since ?? 0) > clock.now() - RETURN_MS,
  );
  // A drain that was taken back leaves a spare task for as long as the other is not ready.
  const isSpare = !isMoving && !isBack && live.every(({ status }) => status.ready);
  return isSpare ? [...many, `slot ${slot} has two ready tasks that are the same: ${names}`] : many;
}

/** Whether the tasks of a node are being moved to other nodes. */
function isLeft(node: Node | undefined): boolean {
  return (
    node?.spec.availability === 'drain' ||
    node?.spec.taints.some(({ effect }) => effect === 'NoExecute') === true
  );
}
