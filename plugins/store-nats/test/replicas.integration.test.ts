import { expect, test } from 'vitest';
import { startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { startStore } from './support/fixtures.ts';

describeWith('nats', 'replicas', () => {
  test('are UNSUPPORTED if the server cannot keep them safe, and no bucket is made', async () => {
    await using server = await startNats();
    const options = { servers: server.url, bucket: 'kept' };
    // A server before 2.9.21 is rejected for its version; a newer one alone reports that it is alone.
    await expect(startStore({ ...options, replicas: 3 })).rejects.toMatchObject({
      message: expect.stringMatching(/2\.9\.21 or newer is needed|replicas/),
    });
    await using store = await startStore(options); // one copy is made now, so there was no bucket
    expect(store.supports.durable).toBe(true);
  });
});
