import type { ErrorCode } from '@gantry/core';
import { status } from '@grpc/grpc-js';

/** What the end of a call means to the store. */
export interface Verdict {
  /** Code for the caller, if it is known that nothing was done. */
  readonly code: ErrorCode;
  /** Whether the server may have carried out the request. */
  readonly maybeDone: boolean;
  /** Whether another server may succeed. */
  readonly elsewhere: boolean;
  /** Whether the server does not know the token, or no longer knows it. */
  readonly expired: boolean;
}

/** gRPC could not send the request, or etcd rejected it before proposing it to the cluster. */
const NOT_DONE =
  /^(?:No connection established|Name resolution failed|Channel closed|Failed to start HTTP\/2 stream|Stream refused|etcdserver: (?:no leader|not capable|rpc not supported for learner)|raft proposal dropped)/;
const EXPIRED = /invalid auth token|revision of auth store is old|user name is empty|user name not found/;
/** Errors of the cluster as a whole, in etcd's words. */
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

/** Classifies a gRPC status. If it is not certain that nothing was done, the request may have been carried out. */
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

/** The error of a call without an answer. Does not leave this package. */
export class Failure extends Error {
  readonly server: string;
  readonly verdict: Verdict;

  constructor(server: string, code: status, details: string, cause?: unknown) {
    super(reasonOf(details), { cause });
    this.server = server;
    this.verdict = judge(code, details);
  }
}

/** The reason why a connection failed, without gRPC's wrapping. */
function reasonOf(details: string): string {
  const [, inner] = /Last error: (.*?)\.? Resolution note:/s.exec(details) ?? [];
  return (inner ?? details).replace(/^Error: /, '').replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)$/, '');
}
