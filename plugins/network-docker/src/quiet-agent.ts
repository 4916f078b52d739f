import { Agent } from 'node:http';
import { inspect } from 'node:util';

/**
 * An agent that shows nothing of itself. docker-modem renders the options of every request for its debug output, even
 * when nobody debugs; with all sockets of an agent in them that takes longer than many a request.
 */
export class QuietAgent extends Agent {
  [inspect.custom](): string {
    return 'Agent';
  }
}
