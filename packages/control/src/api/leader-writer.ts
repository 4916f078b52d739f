import { contracts, definePlugin } from '@gantry/core';
import { kindTable } from '@gantry/core/model';
import { ObjectWrites } from './object-writes.ts';
import { ObjectWriter } from './writer.ts';

/** Plugin: the writer of the API, through the store of the leader, whose commits are fenced. */
export const leaderWriter = definePlugin({
  name: 'writer-leader',
  provides: contracts.writer,
  needs: {
    store: contracts.store,
    views: contracts.views,
    clock: contracts.clock,
    random: contracts.random,
    schedulers: contracts.scheduler,
    admissions: contracts.admission,
    kinds: contracts.kind,
  },
  create: (_options, { kinds, ...needs }) =>
    new ObjectWrites({ ...needs, kinds: kindTable(kinds), writer: new ObjectWriter(needs) }),
});
