export { type ApiEndpoint, apiEndpoint } from './api-endpoint.ts';
export type { TokenInfo } from './auth/token-book.ts';
export type { Problem } from './http/problem.ts';
export type { ApiServerOptions } from './options.ts';
export { apiServer } from './plugin.ts';
export { newSecret } from './secret.ts';
export { type Certificate, fingerprintOf, selfSignedCertificate } from './tls.ts';
