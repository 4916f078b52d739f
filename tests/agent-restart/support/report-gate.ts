import { type Bus, GantryError, type Plugin } from '@gantry/core';

/** A server's bus that can reject reports of agents: tasks started in that time are unknown to the cluster. */
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
