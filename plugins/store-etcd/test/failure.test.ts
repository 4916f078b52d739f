import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { Failure, judge } from '../src/failure.ts';

describe('it is certain that nothing was done', () => {
  test.each([
    [
      status.UNAVAILABLE,
      'No connection established. Last error: Error: connect ECONNREFUSED. Resolution note: ',
    ],
    [status.UNAVAILABLE, 'Name resolution failed for target dns:nowhere:2379'],
    [status.UNAVAILABLE, 'Channel closed before call started'],
    [status.INTERNAL, 'Failed to start HTTP/2 stream with error "gone"'],
    [status.UNAVAILABLE, 'Stream refused by server'],
    [status.UNAVAILABLE, 'etcdserver: no leader'],
    [status.UNAVAILABLE, 'etcdserver: not capable'],
    [status.UNAVAILABLE, 'etcdserver: rpc not supported for learner'],
    [status.UNKNOWN, 'raft proposal dropped'],
  ])('%i %s: another server may do it', (code, details) => {
    expect(judge(code, details)).toEqual({
      code: 'UNAVAILABLE',
      maybeDone: false,
      elsewhere: true,
      expired: false,
    });
  });

  test.each([
    [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'UNAVAILABLE'],
    [status.RESOURCE_EXHAUSTED, 'etcdserver: mvcc: database space exceeded', 'EXHAUSTED'],
    [status.OUT_OF_RANGE, 'etcdserver: mvcc: required revision has been compacted', 'COMPACTED'],
    [status.INVALID_ARGUMENT, 'etcdserver: request is too large', 'EXHAUSTED'],
    [status.INVALID_ARGUMENT, 'etcdserver: too many operations in txn request', 'EXHAUSTED'],
    [
      status.INVALID_ARGUMENT,
      'etcdserver: authentication failed, invalid user ID or password',
      'UNAUTHENTICATED',
    ],
    [status.PERMISSION_DENIED, 'etcdserver: permission denied', 'FORBIDDEN'],
    [status.UNIMPLEMENTED, 'unknown service etcdserverpb.KV', 'UNSUPPORTED'],
    [status.INVALID_ARGUMENT, 'etcdserver: key is not provided', 'INTERNAL'],
  ])('%i %s: %s, and another server would say the same', (code, details, as) => {
    expect(judge(code, details)).toEqual({ code: as, maybeDone: false, elsewhere: false, expired: false });
  });

  test.each([
    [status.UNAUTHENTICATED, 'etcdserver: invalid auth token'],
    [status.INVALID_ARGUMENT, 'etcdserver: revision of auth store is old'],
    [status.INVALID_ARGUMENT, 'etcdserver: user name is empty'],
  ])('%i %s: a new token may help', (code, details) => {
    expect(judge(code, details)).toMatchObject({ code: 'UNAUTHENTICATED', maybeDone: false, expired: true });
  });
});

describe('an error with an unknown outcome', () => {
  test.each([
    [status.UNAVAILABLE, 'Connection dropped', 'UNAVAILABLE'],
    [status.UNAVAILABLE, 'etcdserver: leader changed', 'UNAVAILABLE'],
    [status.UNAVAILABLE, 'etcdserver: server stopped', 'UNAVAILABLE'],
    [status.UNAVAILABLE, 'etcdserver: request timed out, possibly due to connection lost', 'TIMEOUT'],
    [status.DEADLINE_EXCEEDED, 'no answer within 5000 ms', 'TIMEOUT'],
    [status.CANCELLED, 'context canceled', 'UNAVAILABLE'],
    [status.INTERNAL, 'Received RST_STREAM with code 2 (Internal server error)', 'UNAVAILABLE'],
    [status.UNKNOWN, 'something that is not in this list', 'UNAVAILABLE'],
    [status.DATA_LOSS, 'etcdserver: corrupt cluster', 'UNAVAILABLE'],
  ])('%i %s: a read is %s', (code, details, as) => {
    expect(judge(code, details)).toEqual({ code: as, maybeDone: true, elsewhere: true, expired: false });
  });
});

test('the reason is reported without the text that gRPC wraps around it', () => {
  const details =
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (2026-01-01T00:00:00.000Z). Resolution note: ';
  expect(new Failure('a:1', status.UNAVAILABLE, details).message).toBe('connect ECONNREFUSED 127.0.0.1:1');
  expect(new Failure('a:1', status.UNAVAILABLE, 'etcdserver: no leader').message).toBe(
    'etcdserver: no leader',
  );
});
