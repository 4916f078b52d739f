import { isDeepStrictEqual } from 'node:util';
import type { Clock, EventRecorder, Random, Store, Views } from '@gantry/core';
import type { Entry } from '@gantry/core/contracts';
import { keyOf, type Node, type NodeStatus } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';
import type { RegisterRequest } from '@gantry/core/protocol';

const TRIES = 10;

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventRecorder;
}

/** Writes the state of nodes: that they registered, are up, or are down. */
export class NodeWriter {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Creates the node, or updates its status; user settings (labels, availability) stay. If an agent reports nothing new
   * to a new leader, nothing is written.
   */
  async register(name: string, request: RegisterRequest): Promise<void> {
    if (says(this.#parts.views.of('node').get(name)?.value, request)) return;
    const now = this.#parts.clock.now();
    await this.#update(name, (entry) => {
      const status: NodeStatus = {
        state: 'ready',
        since: now,
        message: 'its agent is in contact',
        capacity: request.capacity,
        attributes: request.attributes,
        features: request.features,
        session: request.session,
        ...(request.agent !== undefined && { agent: request.agent }),
        conditions: [],
      };
      if (entry !== undefined) {
        const labels = { ...request.labels, ...entry.value.meta.labels };
        return { ...entry.value, meta: { ...entry.value.meta, labels }, status };
      }
      const { labels } = request;
      const meta = { name, uid: randomId(this.#parts.random), generation: 1, createdAt: now, labels };
      return { kind: 'node', meta, spec: { availability: 'active', taints: [] }, status };
    });
    this.#parts.events.record({ kind: 'node', name }, 'normal', 'Registered', 'its agent is in contact');
  }

  async setState(name: string, state: NodeStatus['state'], message: string): Promise<void> {
    const since = this.#parts.clock.now();
    let changed = false;
    await this.#update(name, (entry) => {
      changed = entry !== undefined && entry.value.status.state !== state;
      return entry === undefined || !changed
        ? undefined
        : { ...entry.value, status: { ...entry.value.status, state, since, message } };
    });
    if (!changed) return;
    const [type, reason] =
      state === 'down' ? (['warning', 'NodeDown'] as const) : (['normal', 'NodeReady'] as const);
    this.#parts.events.record({ kind: 'node', name }, type, reason, message);
  }

  async #update(name: string, change: (entry: Entry<Node> | undefined) => Node | undefined): Promise<void> {
    const key = keyOf('node', name);
    let entry = (await this.#parts.store.get(key)) as Entry<Node> | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const value = change(entry);
      if (value === undefined) return;
      const [outcome] = await this.#parts.store.commit([{ key, value, expect: entry?.revision ?? 'absent' }]);
      if (outcome?.ok === true) return;
      entry = outcome?.current as Entry<Node> | undefined;
    }
  }
}

/** Whether an agent's report about itself equals the known one. */
function says(
  node: Node | undefined,
  { session, labels, capacity, attributes, features }: RegisterRequest,
): boolean {
  if (node?.status.session !== session || node.status.state !== 'ready') return false;
  const known = { ...labels, ...node.meta.labels };
  return isDeepStrictEqual(
    [known, node.status.capacity, node.status.attributes, node.status.features],
    [node.meta.labels, capacity, attributes, features],
  );
}
