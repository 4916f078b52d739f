import type { ExecOptions, ExecSession, OutputChunk } from '@gantry/core/api';
import type {
  EnsureOptions,
  RuntimeLogLine,
  RuntimeLogOptions,
  RuntimeSpec,
  RuntimeSupport,
  RuntimeTask,
} from '@gantry/core/contracts';
import { type RuntimeSubject, runtimeKit, type Wreck } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { type PlainMachine, PlainRuntime, runtimeFixture } from './support/plain-runtime.ts';

type Stop = { graceMs: number; signal?: string | undefined };

function wreck(
  name: string,
  caughtBy: string,
  Broken: new (machine: PlainMachine) => PlainRuntime,
): Wreck<RuntimeSubject> {
  return { name, caughtBy, make: () => runtimeFixture(Broken) };
}

const wrecks = [
  wreck(
    'starts whatever was told to stop meanwhile',
    'stop gives up a start that is under way',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec): Promise<RuntimeTask> {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return await super.ensure(spec);
      }
    },
  ),
  wreck(
    'names tasks after their files',
    'a task of another namespace, with a slash in its id, is found again under the same id',
    class extends PlainRuntime {
      override async list(): Promise<readonly RuntimeTask[]> {
        return (await super.list()).map((one) => ({ ...one, task: one.task.replace('/', '-') }));
      }
    },
  ),
  wreck(
    'starts what is only to be prepared',
    'prepare starts nothing, may be repeated, and the task starts afterwards',
    class extends PlainRuntime {
      override async prepare({ task, template }: Pick<RuntimeSpec, 'task' | 'template'>): Promise<void> {
        const attachment = { networks: [], ports: [], publish: [], env: {} };
        this.begin({ task, template, service: 'kit', slot: '1', attachment });
      }
    },
  ),
  wreck(
    'starts another each time',
    'a repeated ensure adopts a running task unchanged',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec): Promise<RuntimeTask> {
        return this.begin(spec);
      }
    },
  ),
  wreck(
    'looks, then waits, then starts',
    'ten ensures of one task at the same time start it once',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec): Promise<RuntimeTask> {
        const known = this.machine.tasks.get(spec.task);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return known?.status ?? this.begin(spec);
      }
    },
  ),
  wreck(
    'starts again what has ended',
    'a task that has ended is not started again by ensure',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, options?: EnsureOptions): Promise<RuntimeTask> {
        const known = this.machine.tasks.get(spec.task);
        return known?.status.state === 'exited' ? this.begin(spec) : await super.ensure(spec, options);
      }
    },
  ),
  wreck(
    'forgets tasks that end on their own',
    'a task that ended on its own is listed with its exit code and times',
    class extends PlainRuntime {
      override async list(): Promise<readonly RuntimeTask[]> {
        return (await super.list()).filter(({ state }) => state !== 'exited');
      }
    },
  ),
  wreck(
    'says 0 whatever the exit code',
    'a task that ended on its own is listed with its exit code and times',
    class extends PlainRuntime {
      override async list(): Promise<readonly RuntimeTask[]> {
        return (await super.list()).map((status) => ({ ...status, exitCode: 0 }));
      }
    },
  ),
  wreck(
    'does not wait for the end',
    'stop resolves once the task has ended by its stop signal, with exit code 128 + 15',
    class extends PlainRuntime {
      override async stop(task: string, options: Stop): Promise<void> {
        void super.stop(task, options);
      }
    },
  ),
  wreck(
    'always sends the same signal',
    'stop sends the signal it is given instead',
    class extends PlainRuntime {
      override async stop(task: string, { graceMs }: Stop): Promise<void> {
        await super.stop(task, { graceMs });
      }
    },
  ),
  wreck(
    'kills without any grace',
    'a task that ignores the stop signal is killed when the grace period expires, and not before',
    class extends PlainRuntime {
      override async stop(task: string): Promise<void> {
        await super.stop(task, { graceMs: 0 });
      }
    },
  ),
  wreck(
    'never kills',
    'a task that ignores the stop signal is killed when the grace period expires, and not before',
    class extends PlainRuntime {
      override async stop(task: string, options: Stop): Promise<void> {
        if (this.machine.tasks.get(task)?.ignoresStop) await new Promise(() => {});
        await super.stop(task, options);
      }
    },
  ),
  wreck(
    'takes a grace of 0 for none given',
    'a grace period of 0 kills immediately',
    class extends PlainRuntime {
      override async stop(task: string, { graceMs, ...more }: Stop): Promise<void> {
        await super.stop(task, { ...more, graceMs: graceMs || 10_000 });
      }
    },
  ),
  wreck(
    'throws when it stops an unknown task',
    'stopping a task again, an ended one or an unknown one changes nothing',
    class extends PlainRuntime {
      override async stop(task: string, options: Stop): Promise<void> {
        this.find(task);
        await super.stop(task, options);
      }
    },
  ),
  wreck(
    'only kills when it should remove',
    'remove kills what runs and forgets it; the next ensure starts another',
    class extends PlainRuntime {
      override async remove(task: string): Promise<void> {
        await super.stop(task, { graceMs: 0 });
      }
    },
  ),
  wreck(
    'removes everything',
    'remove again, and of what never was, changes nothing',
    class extends PlainRuntime {
      override async remove(): Promise<void> {
        this.machine.tasks.clear();
      }
    },
  ),
  wreck(
    'leaves a task that could not start in its list',
    'a task that can never start is INVALID_OBJECT, and leaves nothing behind',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, options?: EnsureOptions): Promise<RuntimeTask> {
        if (spec.template.labels.hopeless !== undefined) this.begin(spec);
        return await super.ensure(spec, options);
      }
    },
  ),
  wreck(
    'ignores the signal',
    'a signal that has fired aborts ensure, and nothing is started',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec): Promise<RuntimeTask> {
        return await super.ensure(spec);
      }
    },
  ),
  wreck(
    'tells no ends',
    'events report the start and the end of a task, with its exit code',
    class extends PlainRuntime {
      override async *events(signal: AbortSignal): AsyncGenerator<readonly RuntimeTask[]> {
        for await (const batch of super.events(signal)) yield batch.filter(({ state }) => state !== 'exited');
      }
    },
  ),
  wreck(
    'listens only once it is read',
    'events report the end of a task that was stopped',
    class extends PlainRuntime {
      override async *events(signal: AbortSignal): AsyncGenerator<readonly RuntimeTask[]> {
        await new Promise((resolve) => setTimeout(resolve, 50));
        yield* super.events(signal);
      }
    },
  ),
  wreck(
    'tells each event to one reader',
    'two readers both get all events, and one that leaves does not end the other',
    class extends PlainRuntime {
      override events(signal: AbortSignal): AsyncIterable<readonly RuntimeTask[]> {
        this.machine.readers.clear();
        return super.events(signal);
      }
    },
  ),
  wreck(
    'does not end its events',
    'events end without an error when the signal fires, also one that fired before',
    class extends PlainRuntime {
      override events(): AsyncIterable<readonly RuntimeTask[]> {
        return super.events(new AbortController().signal);
      }
    },
  ),
  wreck(
    'takes all tasks with it when it closes',
    'a new instance finds what runs, and ensure adopts it',
    class extends PlainRuntime {
      override async [Symbol.asyncDispose](): Promise<void> {
        this.machine.tasks.clear();
        await super[Symbol.asyncDispose]();
      }
    },
  ),
  wreck(
    'knows the exit codes of its own tasks only',
    'a new instance receives the end of a task that it adopted, with its exit code',
    class extends PlainRuntime {
      readonly own = new Set<string>();
      override begin(spec: RuntimeSpec): RuntimeTask {
        this.own.add(spec.task);
        return super.begin(spec);
      }
      override async list(): Promise<readonly RuntimeTask[]> {
        const all = await super.list();
        return all.map((one) => (this.own.has(one.task) ? one : { ...one, exitCode: undefined }));
      }
    },
  ),
  wreck(
    'works on after its end',
    'every call is CLOSED after dispose, and a second dispose does nothing',
    class extends PlainRuntime {
      override enter(): void {}
    },
  ),
  wreck(
    'promises stats that it does not have',
    'exec, logs and stats exist exactly if supports says so',
    class extends PlainRuntime {
      override get supports(): RuntimeSupport {
        return { ...super.supports, stats: false };
      }
    },
  ),
  wreck(
    'quietly ignores mounts',
    'a template that needs what supports denies is UNSUPPORTED, and nothing is started',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, options?: EnsureOptions): Promise<RuntimeTask> {
        return await super.ensure({ ...spec, template: { ...spec.template, mounts: [] } }, options);
      }
    },
  ),
  wreck(
    'quietly ignores log drivers',
    'a template that needs what supports denies is UNSUPPORTED, and nothing is started',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, options?: EnsureOptions): Promise<RuntimeTask> {
        const { logging: _ignored, ...template } = spec.template;
        return await super.ensure({ ...spec, template }, options);
      }
    },
  ),
  wreck(
    'has empty logs of tasks it does not know',
    'exec, logs and stats of an unknown task are NOT_FOUND',
    class extends PlainRuntime {
      override async *logs(task: string): AsyncGenerator<readonly RuntimeLogLine[]> {
        if (this.machine.tasks.has(task)) yield* super.logs(task);
      }
    },
  ),
  wreck(
    'tells lines in reverse',
    'logs return the lines of a task in order, with stream and time',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        options?: RuntimeLogOptions,
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        for await (const batch of super.logs(task, options)) yield [...batch].reverse();
      }
    },
  ),
  wreck(
    'takes the tail from the head',
    'logs with a tail return the given number of lines from the end',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        { tail, ...more }: RuntimeLogOptions = {},
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        for await (const batch of super.logs(task, more)) yield batch.slice(0, tail);
      }
    },
  ),
  wreck(
    'ignores since',
    'logs since a time omit older lines',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        { since: _, ...more }: RuntimeLogOptions = {},
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        yield* super.logs(task, more);
      }
    },
  ),
  wreck(
    'does not follow',
    'logs with follow continue until the task ends',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        { follow: _, ...more }: RuntimeLogOptions = {},
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        yield* super.logs(task, more);
      }
    },
  ),
  wreck(
    'follows indefinitely',
    'logs with follow end when the signal fires',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        { signal: _, ...more }: RuntimeLogOptions = {},
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        yield* super.logs(task, more);
      }
    },
  ),
  wreck(
    'drops logs at the end of a task',
    'logs outlast the end of the task and a restart, until it is removed',
    class extends PlainRuntime {
      override async *logs(
        task: string,
        options?: RuntimeLogOptions,
      ): AsyncGenerator<readonly RuntimeLogLine[]> {
        if (this.find(task).status.state !== 'exited') yield* super.logs(task, options);
      }
    },
  ),
  wreck(
    'takes every command for a success',
    'exec gives the output of the command and its exit code',
    class extends PlainRuntime {
      override async exec(task: string, options: ExecOptions): Promise<ExecSession> {
        return { ...(await super.exec(task, options)), exitCode: Promise.resolve(0) };
      }
    },
  ),
  wreck(
    'runs every command as the user of the task',
    'exec runs a command as the user it names, and otherwise as the user of the task',
    class extends PlainRuntime {
      override async exec(task: string, { user: _, ...more }: ExecOptions): Promise<ExecSession> {
        return await super.exec(task, more);
      }
    },
  ),
  wreck(
    'runs every command in the directory of the task',
    'exec runs a command in the directory it names, and otherwise in that of the task',
    class extends PlainRuntime {
      override async exec(task: string, { workingDir: _, ...more }: ExecOptions): Promise<ExecSession> {
        return await super.exec(task, more);
      }
    },
  ),
  wreck(
    'falls back to the directory of the task if the other does not exist',
    'exec runs nothing for a user or a directory that does not exist',
    class extends PlainRuntime {
      override async exec(task: string, { workingDir, ...more }: ExecOptions): Promise<ExecSession> {
        return await super.exec(
          task,
          workingDir === undefined || workingDir === '/missing' ? more : { ...more, workingDir },
        );
      }
    },
  ),
  wreck(
    'falls back to the user of the task if the other does not exist',
    'exec runs nothing for a user or a directory that does not exist',
    class extends PlainRuntime {
      override async exec(task: string, { user, ...more }: ExecOptions): Promise<ExecSession> {
        return await super.exec(task, user === undefined || user === 'missing' ? more : { ...more, user });
      }
    },
  ),
  wreck(
    'quietly ignores the user of a command',
    'exec is UNSUPPORTED for a user or a directory if supports denies it',
    class extends PlainRuntime {
      override get supports(): RuntimeSupport {
        return { ...super.supports, execUser: false };
      }
    },
  ),
  wreck(
    'leaves a command running that was aborted',
    'exec whose signal fires is terminated with all that it started',
    class extends PlainRuntime {
      override async exec(task: string, { signal, ...more }: ExecOptions): Promise<ExecSession> {
        const session = await super.exec(task, more);
        if (more.command[0] !== 'hangs' || signal === undefined) return session;
        const over = new Promise((resolve) => signal.addEventListener('abort', resolve));
        async function* output(): AsyncGenerator<OutputChunk> {
          void session.output[Symbol.asyncIterator]().next();
          await over;
          yield* [];
        }
        return { ...session, output: output() };
      }
    },
  ),
  wreck(
    'reports nothing of a start',
    'a start reports its phases in order, and nothing once it has resolved',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, { signal }: EnsureOptions = {}): Promise<RuntimeTask> {
        return await super.ensure(spec, { signal });
      }
    },
  ),
  wreck(
    'starts before it creates',
    'a start reports its phases in order, and nothing once it has resolved',
    class extends PlainRuntime {
      override async ensure(spec: RuntimeSpec, options: EnsureOptions = {}): Promise<RuntimeTask> {
        options.onProgress?.({ phase: 'starting', message: 'starting' });
        options.onProgress?.({ phase: 'creating', message: 'creating' });
        return await super.ensure(spec, options);
      }
    },
  ),
  wreck(
    'drops standard input',
    'exec passes on its standard input, and its end',
    class extends PlainRuntime {
      override async exec(task: string, { stdin: _, ...more }: ExecOptions): Promise<ExecSession> {
        return await super.exec(task, more);
      }
    },
  ),
];

sabotage(runtimeKit, () => runtimeFixture(PlainRuntime), wrecks);
