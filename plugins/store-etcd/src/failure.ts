import type { ErrorCode } from '@gantry/core';
import { status } from '@grpc/grpc-js';

/** What the end of a call means to the store. */
export interface Verdict {
  /** What it is to the caller, if it is known that nothing was done. */
  readonly code: ErrorCode;
  /** Whether the server may have done what it was asked. */
  readonly maybeDone: boolean;
  /** Whether another server may do better. */
  readonly elsewhere: boolean;
  /** Whether the server did not know the token (any more). */
  readonly expired: boolean;
}

/** gRPC could not send it, or etcd refused it before it was proposed to the cluster. */
const NOT_DONE =
  /^(?:No connection established|Name resolution failed|Channel closed|Failed to start HTTP\/2 stream|Stream refused|etcdserver: (?:no leader|not capable|rpc not supported for learner)|raft proposal dropped)/;
const EXPIRED = /invalid auth token|revision of auth store is old|user name is empty|user name not found/;
/** What the cluster as a whole answers, in etcd's words. */
const ANSWERS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/too many requests/, 'UNAVAILABLE'],
  [/database space exceeded/, 'EXHAUSTED'],
  [/required revision has been compacted/, 'COMPACTED'],
  [/request is too large|too many operations/, 'EXHAUSTED'],
  [/invalid user ID or password/, 'UNAUTHENTICATED'],
  [/permission denied/, 'FORBIDDEN'],
];
const CODES: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [status.PERMISSION_DENIED]: 'FORBIDDEN',
  [status.UNIMPLEMENTED]: 'UNSUPPORTED',
  [status.RESOURCE_EXHAUSTED]: 'EXHAUSTED',
  [status.INVALID_ARGUMENT]: 'INTERNAL',
  [status.FAILED_PRECONDITION]: 'INTERNAL',
  [status.OUT_OF_RANGE]: 'INTERNAL',
};

/** What a gRPC status means. Where it is not clear that nothing was done, it may have been done. */
export function judge(code: status, details: string): Verdict {
  const refused = (as: ErrorCode): Verdict => ({
    code: as,
    maybeDone: false,
    elsewhere: false,
    expired: false,
  });
  if (NOT_DONE.test(details)) return { ...refused('UNAVAILABLE'), elsewhere: true };
  if (EXPIRED.test(details)) return { ...refused('UNAUTHENTICATED'), expired: true };
  const answer = ANSWERS.find(([words]) => words.test(details))?.[1] ?? CODES[code];
  if (answer !== undefined) return refused(answer);
  const late = code === status.DEADLINE_EXCEEDED || /timed out/.test(details);
  return { code: late ? 'TIMEOUT' : 'UNAVAILABLE', maybeDone: true, elsewhere: true, expired: false };
}

/** The end of a call that brought no answer. Does not leave this package. */
export class Failure extends Error {
  readonly server: string;
  readonly verdict: Verdict;

  constructor(server: string, code: status, details: string, cause?: unknown) {
    super(reasonOf(details), { cause });
    this.server = server;
    this.verdict = judge(code, details);
  }
}

/** Takes gRPC's wrapping off the reason why a connection could not be made. */
function reasonOf(details: string): string {
  const [, inner] = /Last error: (.*?)\.? Resolution note:/s.exec(details) ?? [];
  return (inner ?? details).replace(/^Error: /, '').replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)$/, '');
}
