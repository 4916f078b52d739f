import { describe, expect, test } from 'vitest';
import { defaultConnections, fileLimit } from '../src/file-limit.ts';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             63432                63432                processes
Max open files            4096                 1048576              files
`;

describe('the default maximum of connections', () => {
  test('is derived from the soft limit of open files', () => {
    expect(fileLimit(() => LIMITS)).toBe(4096);
    expect(fileLimit(() => '')).toBeUndefined();
    expect(
      fileLimit(() => {
        throw new Error('no such file');
      }),
    ).toBeUndefined();
  });

  test.each([
    [256, 64],
    [1024, 384],
    [4096, 1920],
    [1_048_576, 10_000],
    [undefined, 10_000],
  ])('is, for %s files, %s', (files, connections) => {
    expect(defaultConnections(files, 2, 10_000)).toBe(connections);
  });
});
