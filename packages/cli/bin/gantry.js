#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { register } from 'node:module';

const built = new URL('../dist/bin.js', import.meta.url);
const fromSource = !existsSync(built) || process.env.GANTRY_FROM_SOURCE === '1';

// Not built yet, as in a fresh checkout: the TypeScript sources as they stand.
if (fromSource) {
  const { register: registerTsx } = await import('tsx/esm/api');
  registerTsx();
  register('./source-condition.js', import.meta.url);
}
const { main } = await import(fromSource ? '../src/bin.ts' : built.href);
await main(process.argv.slice(2));
