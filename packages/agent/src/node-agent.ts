import { type Agent, GantryError } from '@gantry/core';
import { randomId } from '@gantry/core/primitives';
import { messages } from '@gantry/core/protocol';
import type { AgentOptions, AgentParts } from './agent-parts.ts';
import { AssignmentPuller } from './assignment-puller.ts';
import { Handover } from './handover.ts';
import { Heartbeat } from './heartbeat.ts';
import { NodeRegistration } from './node-registration.ts';
import { Registrar } from './registrar.ts';
import { Reporter } from './reporter.ts';
import { Rests } from './rests.ts';
import { factsOf } from './running-tasks.ts';
import { RuntimeWatcher } from './runtime-watcher.ts';
import { StreamServer } from './streams.ts';
import { TaskManager } from './task-manager.ts';

/** In this time all nodes turn to a new leader. */
const HURRY_MS = 200;

/**
 * What runs on a node, as the kubelet does in Kubernetes: registers, sends heartbeats, pulls its assignments, brings them
 * about through runtime and network, and reports. It has no access to the store.
 */
export class NodeAgent implements Agent {
  readonly node: string;
  readonly #parts: AgentParts;
  readonly #options: AgentOptions;
  readonly #rests: Rests;
  readonly #stop = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #tasks: TaskManager;
  readonly #registration: NodeRegistration;
  readonly #puller: AssignmentPuller;
  readonly #heartbeat: Heartbeat;
  readonly #reporter: Reporter;
  readonly #watcher: RuntimeWatcher;
  readonly #handover: Handover;
  readonly #streams: StreamServer;
  #cancelHurry = (): void => {};
  #abandoned = false;

  constructor(parts: AgentParts, options: AgentOptions) {
    this.#parts = parts;
    this.#options = options;
    this.node = parts.node.name;
    this.#rests = new Rests(parts.clock);
    const session = randomId(parts.random);
    const onLost = (): void => this.#registration.registerAgain();
    const isYielding = (): boolean => this.#handover.yielding;
    const dispatch = parts.subjects.dispatch(this.node);
    const common = { ...parts, node: this.node, dispatch, session, rests: this.#rests, onLost };
    const closed = this.#stop.signal;
    const onUnknown = (tasks: readonly string[]): void => this.#tasks.forget(tasks);
    this.#reporter = new Reporter({ ...common, onUnknown });
    this.#tasks = new TaskManager({
      ...common,
      reporter: this.#reporter,
      removalGraceMs: options.closeGraceMs,
    });
    this.#handover = new Handover({ clock: parts.clock, tasks: this.#tasks, closed });
    this.#registration = this.#makeRegistration(session, isYielding);
    this.#puller = new AssignmentPuller({
      ...common,
      closed,
      isYielding,
      onReply: (reply) => this.#tasks.apply(reply),
      register: (signal) => this.#registration.register(signal),
    });
    this.#watcher = new RuntimeWatcher({
      ...common,
      onChange: (batch) => this.#tasks.onChange(batch),
      onList: (present) => this.#tasks.onList(present),
    });
    this.#heartbeat = new Heartbeat({
      ...common,
      intervalMs: () => this.#registration.heartbeatMs,
      onRevision: (revision) => this.#puller.onRevision(revision),
      resync: async () => {
        this.#puller.pull(); // and finds out if its revision is not one of the store
        await this.#watcher.resync();
      },
    });
    this.#streams = new StreamServer(parts, factsOf(this.#tasks.runners, parts), options.streams);
  }

  /** Resolves once the node is registered, leftovers of an earlier agent are removed, and its tasks are being started. */
  async start(signal: AbortSignal): Promise<void> {
    const { bus, subjects } = this.#parts;
    await this.#registration.prepare();
    this.#loops.push(this.#watcher.run(this.#stop.signal));
    this.#unsubscribe.push(bus.subscribe(subjects.leaderHint, () => this.#hurry()));
    await this.#registration.register(signal);
    this.#unsubscribe.push(
      bus.subscribe(subjects.nodeHint(this.node), () => this.#puller.pull()),
      bus.respond(subjects.agent(this.node), async ({ payload }) => {
        const request = messages.agent(payload);
        return request.op === 'yield' ? this.#yield(request.runtime) : this.#streams.answer(request);
      }),
    );
    await this.#puller.pullFirst(signal);
    this.#loops.push(this.#heartbeat.run(this.#stop.signal));
  }

  /** Forgets everything at once, as a crash would: the tasks keep running, and nothing is reported. */
  abandon(): void {
    this.#abandoned = true;
    this.#silence();
    this.#tasks.abandonAll();
  }

  /** Stops the agent; what happens to running tasks depends on `onClose`. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#silence();
    await this.#reporter.close();
    await Promise.all(this.#loops);
    await this.#puller.idle();
    if (this.#abandoned || this.#options.onClose === 'leave') {
      this.#tasks.abandonAll();
      return;
    }
    const errors = await this.#tasks.close();
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} task(s) could not be removed`);
  }

  /** No more heartbeats: the control plane does not take what happens from here on for failures. */
  #silence(): void {
    this.#stop.abort(new GantryError('CLOSED', 'the agent is closed'));
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#cancelHurry();
    this.#streams.closeAll();
  }

  #makeRegistration(session: string, isYielding: () => boolean): NodeRegistration {
    const { logger } = this.#parts;
    const registrar = new Registrar({
      ...this.#parts,
      rests: this.#rests,
      takeOver: this.#options.takeOver === true,
      onReplaced: (error) => {
        logger.error('another agent runs this node', { node: this.node, error });
        return this.#handover.stepDown(this.#registration.runtimeId, error.details.runtime);
      },
    });
    return new NodeRegistration({
      ...this.#parts,
      session,
      registrar,
      identity: this.#options.identity,
      isYielding,
      closed: this.#stop.signal,
      // A server that did not know this agent may not know what it has.
      onRegistered: () => this.#puller.reset(),
      onRegisteredAgain: () => {
        this.#rests.wake(); // reports that were rejected are sent again now
        this.#puller.pull();
      },
    });
  }

  #yield(runtime: string | undefined): Promise<null> {
    this.#parts.logger.warn('another agent takes over this node', { node: this.node });
    this.#rests.wake();
    return this.#handover.yield(this.#registration.runtimeId, runtime, this.#puller.idle(), () =>
      this.#registration.registerAgain(),
    );
  }

  /** The leader has changed: whatever waits for an answer asks at once, but not all nodes in the same moment. */
  #hurry(): void {
    const { clock, random } = this.#parts;
    this.#cancelHurry();
    this.#cancelHurry = clock.after(random.next() * HURRY_MS, () => this.#rests.hurry());
  }
}
