import { type Agent, aborted, GantryError, isGantryError, toGantryError } from '@gantry/core';
import type { RuntimeInfo, RuntimeTask } from '@gantry/core/contracts';
import { type AgentIdentity, isFinal, type NetworkSpec, type TemplateSpec } from '@gantry/core/model';
import { randomId } from '@gantry/core/primitives';
import {
  type Assignment,
  featuresOfNode,
  messages,
  type PullReply,
  type PullRequest,
} from '@gantry/core/protocol';
import type { AgentOptions, AgentParts } from './agent-parts.ts';
import { agentIdentity } from './contest.ts';
import { Handover } from './handover.ts';
import { refusals } from './refusal.ts';
import { Registrar } from './registrar.ts';
import { registrationOf } from './registration.ts';
import { Reporter } from './reporter.ts';
import { Rests } from './rests.ts';
import { resync } from './resync.ts';
import { factsOf } from './running-tasks.ts';
import { stopRevived } from './stop-revived.ts';
import { StreamServer } from './streams.ts';
import { type RunnerParts, TaskRunner } from './task-runner.ts';
import { withPorts } from './with-ports.ts';

const CALL_MS = 5000;
const RETRY_MS = 100;
const MAX_RETRY_MS = 5000;
const RESYNC_MS = 30_000;
/** In this time all nodes turn to a new leader. */
const HURRY_MS = 200;

/**
 * What runs on a node, as the kubelet does in Kubernetes: registers, gives signs of life, asks for its assignments,
 * brings them about through runtime and network, and reports. It knows nothing of the store.
 */
export class NodeAgent implements Agent {
  readonly node: string;
  readonly #parts: AgentParts;
  readonly #options: AgentOptions;
  readonly #session: string;
  readonly #reporter: Reporter;
  readonly #runnerParts: RunnerParts;
  readonly #streams: StreamServer;
  readonly #runners = new Map<string, TaskRunner>();
  /** Tasks that have ended, and are kept until the control plane forgets them. */
  readonly #ended = new Set<string>();
  readonly #networks = new Map<string, NetworkSpec>();
  /** Of everything that waits for the control plane. */
  readonly #rests: Rests;
  readonly #stop = new AbortController();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #loops: Promise<void>[] = [];
  #info: RuntimeInfo | undefined;
  #since = 0;
  #wanted = false;
  #pulling: Promise<void> | undefined;
  #registering: Promise<void> | undefined;
  #heartbeatMs = 1000;
  #cancelHurry = (): void => {};
  #abandoned = false;
  #identity: AgentIdentity | undefined;
  readonly #registrar: Registrar;
  readonly #handover: Handover;

  constructor(parts: AgentParts, options: AgentOptions) {
    this.#parts = parts;
    this.#options = options;
    this.node = parts.node.name;
    this.#session = randomId(parts.random);
    this.#rests = new Rests(parts.clock);
    this.#handover = new Handover({
      clock: parts.clock,
      runners: this.#runners,
      closeGraceMs: options.closeGraceMs,
      closed: this.#stop.signal,
    });
    this.#registrar = new Registrar({
      ...parts,
      rests: this.#rests,
      takeOver: options.takeOver === true,
      onReplaced: (error) => {
        parts.logger.error('another agent runs this node', { node: this.node, error });
        return this.#handover.stepDown(this.#info?.id, error.details.runtime);
      },
    });
    this.#streams = new StreamServer(parts, factsOf(this.#runners, parts), options.streams);
    this.#reporter = new Reporter({
      ...parts,
      node: this.node,
      session: this.#session,
      rests: this.#rests,
      onLost: () => this.#registerAgain(),
      onUnknown: (tasks) => this.#forget(tasks),
    });
    const { runtime, network, clock, logger } = parts;
    const networkSpec = (name: string): NetworkSpec | undefined => this.#networks.get(name);
    const [reporter, refusalOf] = [this.#reporter, refusals(runtime, network)];
    this.#runnerParts = { runtime, network, clock, logger, reporter, refusalOf, networkSpec };
  }

  /** Resolves once the node is registered, what an earlier life left is cleared up, and its tasks are on their way. */
  async start(signal: AbortSignal): Promise<void> {
    const { bus, subjects, runtime } = this.#parts;
    this.#info = await runtime.info();
    this.#identity = this.#options.identity ?? agentIdentity(this.#info.id);
    this.#loops.push(this.#followRuntime());
    this.#unsubscribe.push(bus.subscribe(subjects.leaderHint, () => this.#hurry()));
    await this.#register(signal);
    this.#unsubscribe.push(
      bus.subscribe(subjects.nodeHint(this.node), () => this.#pull()),
      bus.respond(subjects.agent(this.node), async ({ payload }) => {
        const request = messages.agent(payload);
        return request.op === 'yield' ? this.#yield(request.runtime) : this.#streams.answer(request);
      }),
    );
    await this.#pullFirst(signal);
    this.#loops.push(this.#beat());
  }

  /** Forgets everything at once, as a crash would: the tasks go on running, and nobody is told. */
  abandon(): void {
    this.#abandoned = true;
    this.#silence();
    for (const runner of this.#runners.values()) runner.abandon();
  }

  /** Stops the agent; what happens to running tasks depends on `onClose`. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#silence();
    await this.#reporter.close();
    await Promise.all(this.#loops);
    await this.#pulling;
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    if (this.#abandoned || this.#options.onClose === 'leave') {
      for (const runner of runners) runner.abandon();
      return;
    }
    const results = await Promise.allSettled([
      ...runners.map((runner) => runner.destroy(this.#options.closeGraceMs)),
      ...[...this.#ended]
        .filter((task) => !runners.some(({ name }) => name === task))
        .map((task) => this.#parts.runtime.remove(task)),
    ]);
    const failed = results.filter((result) => result.status === 'rejected');
    const errors = failed.map(({ reason }) => reason as unknown);
    if (errors.length > 0)
      throw new AggregateError(errors, `${errors.length} task(s) could not be cleared away`);
  }

  /** No more signs of life: the control plane does not take what happens from here on for failures. */
  #silence(): void {
    this.#stop.abort(new GantryError('CLOSED', 'the agent is closed'));
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#cancelHurry();
    this.#streams.closeAll();
  }

  #ask(subject: string, request: object, outer: AbortSignal, timeoutMs = CALL_MS): Promise<unknown> {
    return this.#parts.bus.request(subject, request, { timeoutMs, signal: this.#rests.during(outer) });
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { node, runtime, network, balancers } = this.#parts;
    const features = featuresOfNode(runtime, network, balancers);
    const facts = registrationOf(node, this.#session, this.#info as RuntimeInfo, features);
    const identity = this.#identity as AgentIdentity;
    this.#heartbeatMs = await this.#registrar.register(this.node, facts, identity, signal);
    this.#since = 0; // whoever did not know this agent may not know what it has: ask for everything
  }

  #yield(runtime: string | undefined): Promise<null> {
    this.#parts.logger.warn('another agent takes over this node', { node: this.node });
    this.#rests.wake();
    return this.#handover.yield(this.#info?.id, runtime, this.#pulling, () => this.#registerAgain());
  }

  /** Somebody new leads: whatever waits for an answer asks at once, but not all nodes in the same moment. */
  #hurry(): void {
    const { clock, random } = this.#parts;
    this.#cancelHurry();
    this.#cancelHurry = clock.after(random.next() * HURRY_MS, () => this.#rests.hurry());
  }

  #registerAgain(): void {
    if (this.#handover.yielding || this.#stop.signal.aborted) return;
    this.#registering ??= this.#register(this.#stop.signal)
      .then(() => {
        this.#rests.wake(); // reports that were refused are told again now
        this.#pull();
      })
      .catch(() => undefined) // only when we are closed
      .finally(() => {
        this.#registering = undefined;
      });
  }

  async #beat(): Promise<void> {
    const { clock, random, logger, subjects } = this.#parts;
    const { signal } = this.#stop;
    const request = { session: this.#session };
    const { heartbeat } = subjects.dispatch(this.node);
    let resyncAt = clock.elapsed() + RESYNC_MS;
    let sentAt = clock.elapsed();
    while (!signal.aborted) {
      try {
        // From one to the next, not from an answer: one that is lost must not cost the time of two.
        const everyMs = this.#heartbeatMs * (0.9 + 0.2 * random.next());
        await this.#rests.rest(Math.max(0, sentAt + everyMs - clock.elapsed()), signal);
        if (signal.aborted) return;
        sentAt = clock.elapsed();
        const reply = await this.#ask(heartbeat, request, signal, this.#heartbeatMs);
        if (messages.heartbeatReply(reply).revision > this.#since) this.#pull();
        if (clock.elapsed() < resyncAt) continue;
        resyncAt = clock.elapsed() + RESYNC_MS;
        this.#pull(); // and finds out if its revision is not one of the store
        await this.#resync();
      } catch (error) {
        if (signal.aborted) return;
        if (isGantryError(error, 'CONFLICT')) this.#registerAgain();
        else logger.debug('no answer to a heartbeat', { node: this.node, error: toGantryError(error) });
      }
    }
  }

  /** Asks for everything there is, until somebody answers: who leads may change at any time. */
  async #pullFirst(signal: AbortSignal): Promise<void> {
    for (let wait = RETRY_MS; ; wait = Math.min(MAX_RETRY_MS, wait * 2)) {
      try {
        return await this.#pullOnce();
      } catch (error) {
        if (signal.aborted) throw aborted(signal);
        if (!isGantryError(error, 'CONFLICT', 'UNAVAILABLE', 'TIMEOUT', 'INVALID_OBJECT')) throw error;
        await this.#rests.rest(wait, signal);
        if (isGantryError(error, 'CONFLICT')) await this.#register(signal);
      }
    }
  }

  /** Asks for assignments, once more if this is called meanwhile. */
  #pull(): void {
    this.#wanted = true;
    if (this.#pulling !== undefined || this.#handover.yielding || this.#stop.signal.aborted) return;
    this.#pulling = this.#pullAll().finally(() => {
      this.#pulling = undefined;
      if (this.#wanted) this.#pull();
    });
  }

  async #pullAll(): Promise<void> {
    const { logger } = this.#parts;
    const { signal } = this.#stop;
    let wait = RETRY_MS;
    while (this.#wanted && !this.#handover.yielding && !signal.aborted) {
      this.#wanted = false;
      try {
        await this.#pullOnce();
        wait = RETRY_MS;
      } catch (error) {
        if (signal.aborted) return;
        this.#wanted = true;
        if (isGantryError(error, 'CONFLICT')) this.#registerAgain();
        else logger.debug('assignments could not be had', { node: this.node, error: toGantryError(error) });
        await this.#rests.rest(wait, signal);
        wait = Math.min(MAX_RETRY_MS, wait * 2);
      }
    }
  }

  async #pullOnce(): Promise<void> {
    const since = this.#since;
    const request: PullRequest = { session: this.#session, since };
    const { pull } = this.#parts.subjects.dispatch(this.node);
    const reply = messages.pullReply(await this.#ask(pull, request, this.#stop.signal));
    for (const [name, spec] of Object.entries(reply.networks)) this.#networks.set(name, spec);
    const there = reply.full ? await this.#clearLeftovers(reply) : undefined;
    this.#forget(reply.removed);
    for (const assignment of reply.assignments)
      this.#assign(withPorts(assignment, there?.get(assignment.name)), reply.templates[assignment.template]);
    if (this.#since === since) this.#since = reply.revision; // else we have registered anew, and ask for everything
  }

  /** What runs here and was not assigned is not ours to keep: an earlier cluster left it, or its service is gone. */
  async #clearLeftovers({ assignments }: PullReply): Promise<ReadonlyMap<string, RuntimeTask>> {
    const { runtime, network, logger } = this.#parts;
    const assigned = new Set(assignments.map(({ name }) => name));
    const there = new Map((await runtime.list()).map((state) => [state.task, state]));
    await stopRevived(this.#parts, assignments, there);
    const leftovers = [...there.keys(), ...this.#runners.keys()].filter((task) => !assigned.has(task));
    await Promise.all(
      [...new Set(leftovers)].map(async (task) => {
        logger.info('clearing away a leftover', { node: this.node, task });
        const runner = this.#runners.get(task);
        this.#drop(task);
        if (runner !== undefined) return runner.destroy(this.#options.closeGraceMs);
        await runtime.remove(task);
        await network.detach(task);
      }),
    );
    return there;
  }

  #assign(assignment: Assignment, template: TemplateSpec | undefined): void {
    const known = this.#runners.get(assignment.name);
    if (known !== undefined) {
      known.update(assignment);
      return;
    }
    if (isFinal(assignment.status.state)) {
      this.#ended.add(assignment.name);
      return;
    }
    if (template === undefined) return; // not there yet: its arrival comes with a later revision
    const runner = new TaskRunner(this.#runnerParts, assignment, template);
    this.#runners.set(assignment.name, runner);
    void runner.start();
    if (assignment.desired === 'shutdown') runner.update(assignment);
  }

  /** Tasks the control plane no longer knows: nothing of them stays. */
  #forget(tasks: readonly string[]): void {
    const { runtime, network, logger } = this.#parts;
    for (const task of tasks) {
      const runner = this.#runners.get(task);
      this.#drop(task);
      const gone =
        runner === undefined
          ? runtime.remove(task).then(() => network.detach(task))
          : runner.destroy(this.#options.closeGraceMs);
      gone.catch((error: unknown) => {
        logger.warn('a task could not be cleared away', {
          node: this.node,
          task,
          error: toGantryError(error),
        });
      });
    }
  }

  #drop(task: string): void {
    this.#runners.delete(task);
    this.#ended.delete(task);
    this.#reporter.forget(task);
  }

  async #followRuntime(): Promise<void> {
    const { runtime, clock, logger } = this.#parts;
    const { signal } = this.#stop;
    let wait = RETRY_MS;
    while (!signal.aborted) {
      try {
        for await (const batch of runtime.events(signal)) {
          for (const state of batch) this.#runners.get(state.task)?.onRuntime(state);
          wait = RETRY_MS;
        }
      } catch (error) {
        if (signal.aborted) return;
        logger.warn('the runtime cannot be followed', { node: this.node, error: toGantryError(error) });
      }
      if (signal.aborted) return;
      await clock.sleep(wait, signal).catch(() => undefined);
      wait = Math.min(MAX_RETRY_MS, wait * 2);
      await this.#resync().catch(() => undefined); // the next turn tells what is wrong
    }
  }

  async #resync(): Promise<void> {
    resync(this.#runners.values(), await this.#parts.runtime.list());
  }
}
