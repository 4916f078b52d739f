import { contracts, type Plugin, type Runtime } from '@gantry/core';

/** A runtime that tells its tasks the name of their node, as the variable NODE; any other plugin as it is. */
export function tellNode(plugin: Plugin): Plugin {
  if (plugin.provides.id !== contracts.runtime.id) return plugin;
  return {
    ...plugin,
    create: (needs) => {
      const runtime = plugin.create(needs) as Runtime;
      const { name } = needs.node as { readonly name: string };
      const ensure = runtime.ensure.bind(runtime);
      runtime.ensure = (spec, options) => {
        const env = { ...spec.template.env, NODE: name };
        return ensure({ ...spec, template: { ...spec.template, env } }, options);
      };
      return runtime;
    },
  };
}
