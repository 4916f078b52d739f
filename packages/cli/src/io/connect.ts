import { connect } from '@gantry/client/node';
import type { Connection, Target, TokenApi } from './io.ts';

/** Number of retries: a user at a terminal prefers an error to a long wait. */
const RETRIES = 1;

/** Connects to the API of a cluster. */
export async function connectTo({ server, servers = [], token, ca }: Target): Promise<Connection> {
  const cluster = connect({ url: [server, ...servers], token, ca, retries: RETRIES });
  return {
    api: cluster,
    tokens: {
      list: () => cluster.tokens.list(),
      create: (input: Parameters<TokenApi['create']>[0]) => cluster.tokens.create(input),
      remove: (id) => cluster.tokens.delete(id),
      mayI: (request) => cluster.tokens.mayI(request),
      rules: () => cluster.tokens.rules(),
    },
    schemas: () => cluster.schemas(),
    state: () => cluster.state(),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
