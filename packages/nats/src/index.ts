export {
  checkConnection,
  connectionFields,
  type NatsConnectionSettings,
  toConnection,
} from './connection-options.ts';
export type { Credentials } from './credentials.ts';
export { Link, type LinkListener, type LinkParts } from './link.ts';
export { type Endpoint, endpointText } from './server-url.ts';
