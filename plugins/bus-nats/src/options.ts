import { checkConnection, connectionFields } from '@gantry/nats';
import { z } from 'zod';

export const optionsSchema = z.strictObject(connectionFields).superRefine(checkConnection);

/** The options of the bus; all are optional. */
export type NatsBusOptions = z.input<typeof optionsSchema>;
