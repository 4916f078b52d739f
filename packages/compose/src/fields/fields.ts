import { below, type Fields, harmless, honoured, noted, refused } from './field.ts';
import { SERVICE_FIELDS } from './service-fields.ts';

const UNUSED = 'a declaration alone does nothing; the services that use it are named';

/**
 * Every field of the Compose Specification and how it is treated. This table is the only place where that is decided.
 */
export const FIELDS: Fields = Object.freeze({
  version: harmless('obsolete: there is one version of the specification'),
  name: honoured,
  'include[]': honoured,
  'include[].path': honoured,
  'include[].project_directory': honoured,
  'include[].env_file': honoured,
  ...below('services.*', SERVICE_FIELDS),

  'networks.*.name': honoured,
  'networks.*.external': honoured,
  'networks.*.external.name': honoured,
  'networks.*.internal': honoured,
  'networks.*.labels': honoured,
  'networks.*.driver': honoured,
  'networks.*.driver_opts': refused('the network plugin has no options for single networks'),
  'networks.*.attachable': harmless('only tasks join networks'),
  'networks.*.enable_ipv4': refused('every network has IPv4', 'true'),
  'networks.*.enable_ipv6': refused('IPv6 is there where the subnet is one of IPv6', 'false'),
  'networks.*.ipam.driver': refused('the network plugin gives addresses', 'default'),
  'networks.*.ipam.options': refused('the network plugin gives addresses'),
  'networks.*.ipam.config[].subnet': honoured,
  'networks.*.ipam.config[].ip_range': refused('addresses come from the whole subnet'),
  'networks.*.ipam.config[].gateway': refused('the network plugin chooses the gateway'),
  'networks.*.ipam.config[].aux_addresses': refused('no address is set aside'),

  'volumes.*': noted(`there are no volumes yet: ${UNUSED}`),
  'secrets.*': noted(`there are no secrets yet: ${UNUSED}`),
  'configs.*': noted(`there are no configs yet: ${UNUSED}`),
  'models.*': noted(`there are no models: ${UNUSED}`),
});
