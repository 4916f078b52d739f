import type { ClusterApi, ExecSession, WatchEvent } from '@gantry/core/api';
import type { AnyInput, ServiceInput } from '@gantry/core/model';
import { clusterApiKit } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { fakeFixture } from './subjects.ts';

/** An API in which some calls are broken; the others go through. */
const broken = (calls: (api: ClusterApi) => Partial<ClusterApi>) => () =>
  fakeFixture((api) => {
    const own = calls(api);
    return new Proxy(api, {
      get(target, name) {
        const value = own[name as keyof ClusterApi] ?? target[name as keyof ClusterApi];
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  });

const wreck = (name: string, caughtBy: string, calls: (api: ClusterApi) => Partial<ClusterApi>) => ({
  name,
  caughtBy,
  make: broken(calls),
});

sabotage(
  clusterApiKit,
  () => fakeFixture(),
  [
    wreck(
      'overwrites an existing object on create',
      'create stores an object with its defaults, and rejects an existing one',
      (api) => ({
        create: ((input: ServiceInput & { kind: 'service' }) => api.apply(input, { force: true })) as never,
      }),
    ),
    wreck(
      'always forces',
      'apply keeps the fields that others set, and reports one that it would overwrite',
      (api) => ({
        apply: (input, options) => api.apply(input, { ...options, force: true }),
      }),
    ),
    wreck('forgets the manager', 'managers are distinguished', (api) => ({
      apply: (input, options) => api.apply(input, { ...options, manager: 'gantry' }),
    })),
    wreck(
      'ignores the revision',
      'apply with an outdated revision is CONFLICT and changes nothing',
      (api) => ({
        apply: ((input: ServiceInput & { kind: 'service' }) =>
          api.apply({ ...input, meta: { ...input.meta, revision: undefined } })) as never,
      }),
    ),
    wreck(
      'stores what is valid of several objects',
      'objects that are applied together are all stored, or none is',
      (api) => ({
        async applyAll(inputs: readonly AnyInput[], options) {
          const stored = [];
          for (const input of inputs) stored.push(await api.apply(input as never, options));
          return stored;
        },
      }),
    ),
    wreck('patches a stale object', 'patch with a revision that is no longer current is CONFLICT', (api) => ({
      patch: (kind, id, patch, options) => api.patch(kind, id, patch, { ...options, revision: undefined }),
    })),
    wreck('does dry runs for real', 'a dry run answers what would be stored, and stores nothing', (api) => ({
      apply: (input, options) => api.apply(input, { ...options, dryRun: false }),
    })),
    wreck('knows one namespace only', 'objects of one name in two namespaces are two', (api) => ({
      apply: ((input: ServiceInput & { kind: 'service' }) =>
        api.apply({ ...input, meta: { ...input.meta, namespace: undefined } })) as never,
    })),
    wreck(
      'returns undefined for a missing object',
      'a missing object is NOT_FOUND in every call that names it',
      (api) => ({
        get: (async (kind: 'service', id: string) => api.get(kind, id).catch(() => undefined)) as never,
      }),
    ),
    wreck('ignores selectors', 'a list is sorted, and labels and fields select from it', (api) => ({
      list: (kind) => api.list(kind),
    })),
    wreck('returns the first page indefinitely', 'a list comes in pages, and each object once', (api) => ({
      list: (kind, options) => api.list(kind, { ...options, continue: undefined }),
    })),
    wreck(
      'tells only what changes',
      'a watch delivers existing objects as added, and then every change, in order',
      (api) => ({
        async *watch(kind, options) {
          const { revision } = await api.list(kind);
          yield* api.watch(kind, { since: revision, ...options });
        },
      }),
    ),
    wreck(
      'delivers everything again',
      'a watch since a list misses nothing and repeats nothing, whoever writes meanwhile',
      (api) => ({
        watch: (kind, options) => api.watch(kind, { ...options, since: undefined }),
      }),
    ),
    wreck(
      'keeps quiet of what no longer fits',
      'a watch with selectors reports an object that no longer matches as deleted',
      (api) => ({
        async *watch(kind, options) {
          for await (const batch of api.watch(kind, options)) {
            const rest = batch.filter(({ type }: WatchEvent<unknown>) => type !== 'deleted');
            if (rest.length > 0) yield rest;
          }
        },
      }),
    ),
    wreck('ignores the signal of a watch', 'a watch ends without an error when its signal fires', (api) => ({
      watch: (kind, options) => api.watch(kind, { ...options, signal: undefined }),
    })),
    wreck('waits with old conditions', 'a condition counts only for the latest request', (api) => ({
      wait: ((kind: 'service', id: string, condition: string) =>
        api.wait(
          kind,
          id,
          condition === 'Available' ? ({ status }) => status.ready > 0 : condition,
        )) as never,
    })),
    wreck(
      'never gives up waiting',
      'wait takes a condition, a function, or deleted; it gives up after its time',
      (api) => ({
        wait: (kind, id, condition, options) =>
          api.wait(kind, id, condition, { ...options, timeoutMs: undefined }),
      }),
    ),
    wreck(
      'plans by doing',
      'a task that fits nowhere is explained, and a plan says so in advance',
      (api) => ({
        async plan(inputs, options) {
          const plan = await api.plan(inputs, options);
          await api.applyAll(inputs);
          return plan;
        },
      }),
    ),
    wreck(
      'reads logs whole',
      'logs with a tail return the given number of lines from the end of each task',
      (api) => ({
        logs: (of, options) => api.logs(of, { ...options, tail: undefined }),
      }),
    ),
    wreck(
      'follows the tasks there are',
      'logs that are followed go over to the tasks that come, and end when the signal fires',
      (api) => ({
        async *logs(of, options) {
          const { items } = await api.list('task');
          const [task] = items;
          yield* api.logs('service' in of && task !== undefined ? { task: task.meta.name } : of, options);
        },
      }),
    ),
    wreck(
      'gives present logs for previous ones',
      'previous logs are those of the previous attempt',
      (api) => ({
        logs: (of, options) => api.logs(of, { ...options, previous: false }),
      }),
    ),
    wreck(
      'says that every command went well',
      'exec gives the output of the command and its exit code',
      (api) => ({
        async exec(task, options): Promise<ExecSession> {
          const session = await api.exec(task, options);
          return { ...session, exitCode: session.exitCode.then(() => 0) };
        },
      }),
    ),
    wreck(
      'runs every command as the user of the task',
      'exec runs a command as the user and in the directory it names',
      (api) => ({
        exec(task, { user: _, ...options }) {
          return api.exec(task, options);
        },
      }),
    ),
    wreck(
      'runs every command in the directory of the task',
      'exec runs a command as the user and in the directory it names',
      (api) => ({
        exec(task, { workingDir: _, ...options }) {
          return api.exec(task, options);
        },
      }),
    ),
    wreck(
      'drops a directory that is malformed',
      'exec with a malformed user or directory is INVALID_OBJECT',
      (api) => ({
        exec(task, { workingDir, ...options }) {
          const isAbsolute = workingDir?.startsWith('/') === true;
          return api.exec(task, isAbsolute ? { ...options, workingDir } : options);
        },
      }),
    ),
    wreck('drops standard input', 'exec passes on its standard input, and its end', (api) => ({
      exec(task, options) {
        const { stdin: _dropped, ...rest } = options;
        return api.exec(task, rest);
      },
    })),
    wreck('knows no leader', 'servers are listed by name with their state, and one of them leads', (api) => ({
      servers: async (options) =>
        (await api.servers(options)).map((each) => ({
          ...each,
          status: { ...each.status, role: 'standby' },
        })),
    })),
    wreck(
      'hides the stats of all but one',
      'stats cover every running task, or those of one node',
      (api) => ({
        stats: async (options) => (await api.stats(options)).slice(0, 1),
      }),
    ),
  ],
  { patienceMs: 400 },
);
