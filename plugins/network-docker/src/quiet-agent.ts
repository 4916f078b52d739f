import { Agent } from 'node:http';
import { inspect } from 'node:util';

/**
 * An agent that hides its properties. docker-modem renders the options of every request for its debug output, even when
 * debugging is off; with all sockets of an agent in them that takes longer than many a request.
 */
export class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'Agent';
  }
}
