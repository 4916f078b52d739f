export { connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
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
