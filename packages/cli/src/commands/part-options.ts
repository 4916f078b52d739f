import type { Command } from 'commander';
import { STORE_FORMS } from '../parts/store-choice.ts';

/** Adds the options for the connection to NATS. */
export function withNats(command: Command): Command {
  return command
    .option('--nats <urls>', 'NATS servers, such as nats://10.0.0.1:4222 (default: GANTRY_NATS)')
    .option('--nats-creds <file>', 'NATS creds file; other credentials are read from GANTRY_NATS_…')
    .option('--nats-ca <file>', 'certificate authority of NATS')
    .option('--nats-cert <file>', 'client certificate for NATS')
    .option('--nats-key <file>', 'key of the client certificate')
    .option('--nats-inbox <prefix>', 'prefix of the subjects on which replies arrive (default: _INBOX)');
}

/** Adds the options that select the store. */
export function withStore(command: Command, { optional = false } = {}): Command {
  const about = `where the state is kept: ${STORE_FORMS}`;
  return (
    optional ? command.option('--store <store>', about) : command.requiredOption('--store <store>', about)
  )
    .option('--store-ca <file>', 'certificate authority of etcd')
    .option('--store-cert <file>', 'client certificate for etcd')
    .option('--store-key <file>', 'key of the client certificate')
    .option('--replicas <count>', 'number of replicas of a new NATS bucket', '1')
    .option('--unsafe-replicas', 'accept replicas on NATS before 2.9.21, which may lose writes');
}
