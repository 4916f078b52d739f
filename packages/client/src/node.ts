export type { ConnectOptions } from './connect-options.ts';
export { connect, type NodeConnectOptions } from './node/connect.ts';
export type { ClusterState, RemoteCluster } from './remote-cluster.ts';
export type {
  AccessDecision,
  AccessRequest,
  AccessRules,
  AccessToken,
  AccessTokens,
  NewToken,
  TokenGrant,
} from './tokens.ts';
