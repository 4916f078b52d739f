import {
  kindTable,
  type Node,
  type Service,
  type ServiceInput,
  type Task,
  type TaskStatus,
  templateHash,
  validateInput,
} from '@gantry/core/model';

/** A moment that all of these tests begin at, ms since the epoch. */
export const T0 = 1_700_000_000_000;

const NEW_SERVICE = kindTable([]).get('service')?.initialStatus as Service['status'];

type SpecInput = Omit<ServiceInput['spec'], 'template'> & {
  template?: Partial<ServiceInput['spec']['template']>;
};

/** A service as it is stored after it was applied for the first time. */
export function service(spec: SpecInput = {}, more: Partial<Service['meta']> = {}): Service {
  const { template, ...rest } = spec;
  const input = {
    kind: 'service',
    meta: { name: 'web' },
    spec: { ...rest, template: { image: 'web:1', ...template } },
  };
  const valid = validateInput<'service'>(input);
  return {
    kind: 'service',
    meta: { name: 'web', uid: 'uid-web', generation: 1, createdAt: T0, labels: {}, ...more },
    spec: valid.spec,
    status: NEW_SERVICE,
  };
}

/** The same service with another image, as `apply` leaves it. */
export function changed(before: Service, image: string): Service {
  const template = { ...before.spec.template, image };
  return {
    ...before,
    meta: { ...before.meta, generation: before.meta.generation + 1 },
    spec: { ...before.spec, template },
  };
}

export const hashOf = (of: Service): string => templateHash(of.spec.template);

export interface TaskFields extends Partial<Task['spec']> {
  readonly createdAt?: number;
  readonly status?: Partial<TaskStatus>;
}

/** A task of `web`, running and ready on n1 unless said otherwise. */
export function task(of: Service, { createdAt = T0, status, ...spec }: TaskFields = {}): Task {
  const slot = spec.slot ?? '1';
  const attempt = spec.attempt ?? 1;
  const name = `${of.meta.name}.${slot}.${attempt}`;
  const state = status?.state ?? 'running';
  return {
    kind: 'task',
    meta: { name, uid: name, generation: 1, createdAt, labels: {} },
    spec: {
      service: of.meta.name,
      serviceUid: of.meta.uid,
      template: hashOf(of),
      slot,
      attempt,
      restarts: 0,
      restartedAt: of.spec.restartedAt,
      node: state === 'pending' ? undefined : 'n1',
      desired: 'running',
      ...spec,
    },
    status: {
      state,
      since: createdAt,
      ready: state === 'running',
      ...(['running', 'stopping'].includes(state) ? { startedAt: createdAt, runningAt: createdAt } : {}),
      ...status,
    },
  };
}

export function node(
  name: string,
  more: Partial<Node['status']> = {},
  spec: Partial<Node['spec']> = {},
): Node {
  return {
    kind: 'node',
    meta: { name, uid: name, generation: 1, createdAt: T0, labels: {} },
    spec: { availability: 'active', taints: [], ...spec },
    status: {
      state: 'ready',
      since: T0,
      message: '',
      capacity: { cpu: 1000, memory: 2 ** 30 },
      attributes: {},
      session: 's',
      conditions: [],
      ...more,
    },
  };
}
