import type { BackendStats } from '@gantry/core/contracts';
import { messages } from '@gantry/core/protocol';
import { describe, expect, test } from 'vitest';
import { ejectionsSince, type SeenBackends } from '../src/ejections.ts';

const stats = (backend: string, more: Partial<BackendStats>): BackendStats => ({
  frontend: 'web/80/tcp',
  backend,
  state: 'ready',
  active: 0,
  connections: 0,
  failures: 0,
  bytesIn: 0,
  bytesOut: 0,
  ...more,
});
const ejected = (ejections?: number) =>
  stats('a', { state: 'ejected', ejections, ejectionReason: '5 unanswered connections in a row' });
const restored = (ejections?: number) =>
  stats('a', { ejections, ejectionReason: '5 unanswered connections in a row' });
const NONE: SeenBackends = new Map();

/** What each of several reports, one after the other, says of one backend. */
function history(...all: readonly BackendStats[]): object[][] {
  let seen = NONE;
  return all.map((each) => {
    const { reports, seen: next } = ejectionsSince(seen, [each]);
    seen = next;
    return reports.map((report) => [report.ejections, report.restored]);
  });
}

describe('the report of ejections', () => {
  test('is taken by the control plane whatever reason a plugin gives', () => {
    const reason = `\0${'x'.repeat(100_000)}`;
    const { reports } = ejectionsSince(NONE, [stats('a', { ejections: 1, ejectionReason: reason })]);
    const request = { session: 's', hub: 'h', applied: 0, statuses: [], busy: [], ejections: reports };
    expect(messages.ingress(request).ejections?.[0]?.reason.length).toBeLessThanOrEqual(1000);
  });

  test('names the frontend, the backend and the reason', () => {
    expect(ejectionsSince(NONE, [stats('b', { ejections: 0 }), ejected(1)]).reports).toEqual([
      {
        frontend: 'web/80/tcp',
        backend: 'a',
        ejections: 1,
        reason: '5 unanswered connections in a row',
        restored: false,
      },
    ]);
  });

  test.each<[string, readonly BackendStats[], unknown]>([
    ['reports an ejection once', [ejected(1), ejected(1)], [[[1, false]], []]],
    [
      'reports that a backend is used again once',
      [ejected(1), restored(1), restored(1)],
      [[[1, false]], [[0, true]], []],
    ],
    ['counts ejections in between', [ejected(1), ejected(4)], [[[1, false]], [[3, false]]]],
    ['reports an ejection that is over', [restored(2), restored(2)], [[[2, true]], []]],
    [
      'counts a backend that was added again from zero',
      [ejected(3), ejected(1)],
      [[[3, false]], [[1, false]]],
    ],
    [
      'says nothing of a backend that drains',
      [ejected(1), stats('a', { state: 'draining', ejections: 1 })],
      [[[1, false]], []],
    ],
    [
      'serves load balancers that do not count',
      [ejected(), ejected(), restored(), restored(), ejected()],
      [[[1, false]], [], [[0, true]], [], [[1, false]]],
    ],
  ])('%s', (_, given, expected) => {
    expect(history(...given)).toEqual(expected);
  });

  test('has at most 100 entries, and the next one has the rest', () => {
    const many = Array.from({ length: 250 }, (_, index) => ({ ...ejected(1), backend: `b${index}` }));
    const names: string[] = [];
    let seen = NONE;
    for (const length of [100, 100, 50, 0]) {
      const next = ejectionsSince(seen, many);
      expect(next.reports).toHaveLength(length);
      names.push(...next.reports.map(({ backend }) => backend));
      seen = next.seen;
    }
    expect(new Set(names).size).toBe(250);
  });
});
