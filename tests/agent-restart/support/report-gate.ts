import { type Bus, GantryError, type Plugin } from '@gantry/core';

/** A server's bus on which reports of agents can be turned away: what they started, nobody has heard of then. */
export class ReportGate {
  closed = false;
  readonly plugin: Plugin;

  constructor(bus: Plugin) {
    this.plugin = {
      ...bus,
      create: (needs) => {
        const made = bus.create(needs) as Bus;
        const respond = made.respond.bind(made);
        made.respond = (pattern, handler, options) =>
          respond(
            pattern,
            async (message) => {
              if (this.closed && message.subject.endsWith('.report'))
                throw new GantryError('UNAVAILABLE', 'reports are turned away');
              return await handler(message);
            },
            options,
          );
        return made;
      },
    };
  }
}
