import { hostname } from 'node:os';
import { Option } from 'commander';
import type { GantryConfig } from '../config/define-config.ts';
import { parseCount } from '../input/key-values.ts';
import { parseDuration } from '../output/duration.ts';
import { EXIT } from '../output/exit-codes.ts';
import type { NatsOptions } from '../parts/nats-parts.ts';
import { DEFAULT_PORT, runServer } from '../parts/run-server.ts';
import type { StoreOptions } from '../parts/store-part.ts';
import type { Define } from './entry.ts';
import { withNats, withStore } from './part-options.ts';

interface Options extends NatsOptions, StoreOptions {
  readonly name?: string;
  readonly identity?: string;
  readonly lease: string;
  readonly host?: string;
  readonly port?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsSelfSigned?: boolean;
  readonly context: string | boolean;
  readonly config?: string;
  readonly logLevel?: NonNullable<GantryConfig['logLevel']>;
}

/** Defines `gantry server`. */
export const server: Define = (command, act) => {
  withNats(withStore(command.option('--name <name>', 'name of the cluster (default: gantry)')))
    .option('--identity <name>', 'name of this server among those of the cluster (default: the host name)')
    .option(
      '--lease <duration>',
      'lease duration: how long the other servers wait for a leader that has stopped renewing',
      '3s',
    )
    .option('--host <address>', 'address on which the API listens; TLS is required except on 127.0.0.1')
    .option('--port <port>', `port of the API; 0: any free one (default: ${DEFAULT_PORT})`)
    .option('--tls-cert <file>', 'certificate of the API')
    .option('--tls-key <file>', 'key of the certificate')
    .option('--tls-self-signed', 'generate a certificate for the API')
    .option('--context <name>', 'name of the context to write (default: the name of the cluster)')
    .option('--no-context', 'write no context')
    .option('--config <file>', 'configuration file (default: gantry.config.ts in the current directory)')
    .addOption(
      new Option('--log-level <level>', 'log level (default: info)').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    )
    .action(
      act<[], Options>(async (cx, _, options) => {
        const { port, lease, ...rest } = options;
        await runServer(cx, {
          ...rest,
          identity: rest.identity ?? hostname(),
          leaseMs: parseDuration(lease, '--lease'),
          port: port === undefined ? undefined : parseCount(port, '--port'),
        });
        return EXIT.ok; // Ctrl-C is the normal way to stop it
      }),
    );
};
