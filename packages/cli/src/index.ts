export {
  defineConfig,
  type GantryConfig,
  type PluginEntry,
  type RuntimeName,
} from './config/define-config.ts';
export type { Connection, Input, Io, Output, System, Target, TokenApi, TokenInfo } from './io/io.ts';
export { run } from './main.ts';
export { EXIT } from './output/exit-codes.ts';
