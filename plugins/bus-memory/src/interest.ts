import type { BusMessage, SubscribeOptions, Unsubscribe } from '@gantry/core/contracts';
import { EventEmitter } from 'eventemitter3';
import { checkPattern, hasWildcard, PatternTree } from './subject.ts';

/** A subscriber or responder of a subject or a pattern. */
export interface Member<Handler> {
  readonly handler: Handler;
  readonly group: string | undefined;
  ended: boolean;
  /** When it was last chosen from its group. */
  chosen: number;
}

/**
 * The members of every subject and pattern. Subjects and patterns are event names of one emitter: a subject is found
 * immediately however many there are, and only the patterns have to be searched.
 */
export class Interest<Handler extends (message: BusMessage) => unknown> {
  readonly #emitter = new EventEmitter();
  readonly #patterns = new PatternTree();
  #choices = 0;

  add(pattern: string, handler: Handler, options: SubscribeOptions | undefined): Unsubscribe {
    checkPattern(pattern);
    const member: Member<Handler> = { handler, group: options?.group, ended: false, chosen: 0 };
    const join = (choose: (member: Member<Handler>) => void): void => choose(member);
    if (hasWildcard(pattern)) this.#patterns.add(pattern);
    this.#emitter.on(pattern, join);
    return () => {
      if (member.ended) return;
      member.ended = true;
      this.#emitter.off(pattern, join);
      if (this.#emitter.listenerCount(pattern) === 0) this.#patterns.delete(pattern);
    };
  }

  /**
   * Passes every member that should receive the message to `take`, one of each group. Returns whether there was any.
   */
  match(subject: string, take: (member: Member<Handler>) => void): boolean {
    let groups: Map<string, Member<Handler>> | undefined;
    const choose = (member: Member<Handler>): void => {
      if (member.group === undefined) {
        take(member);
        return;
      }
      groups ??= new Map();
      const rival = groups.get(member.group);
      if (rival === undefined || member.chosen < rival.chosen) groups.set(member.group, member);
    };
    let any = this.#emitter.emit(subject, choose);
    for (const pattern of this.#patterns.match(subject)) any = this.#emitter.emit(pattern, choose) || any;
    for (const member of groups?.values() ?? []) {
      member.chosen = ++this.#choices;
      take(member);
    }
    return any;
  }

  clear(): void {
    this.#emitter.removeAllListeners();
  }
}
