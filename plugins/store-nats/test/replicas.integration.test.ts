import { expect, test } from 'vitest';
import { startNats } from '../../../tests/support/nats-server.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { startStore } from './support/fixtures.ts';

describeWith('nats', 'replicas', () => {
  test('that a server cannot keep safe are UNSUPPORTED, and no bucket is made', async () => {
    await using server = await startNats();
    const options = { servers: server.url, bucket: 'kept' };
    // A server before 2.9.21 is refused for its version; a newer one by itself says that it is alone.
    await expect(startStore({ ...options, replicas: 3 })).rejects.toMatchObject({
      message: expect.stringMatching(/2\.9\.21 or newer is needed|replicas/),
    });
    await using store = await startStore(options); // one copy is made now, so there was no bucket
    expect(store.supports.durable).toBe(true);
  });
});
