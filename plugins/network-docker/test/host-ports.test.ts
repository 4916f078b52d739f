import type Docker from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { occupyPort } from '../../../tests/support/occupy-port.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { HostPorts } from '../src/host-ports.ts';

let port: number;
let release: () => Promise<void>;

beforeEach(async () => {
  [port = 0] = await freePorts(1);
  release = await occupyPort(port);
});
afterEach(() => release());

function hostPorts(engine: { host?: string; containers?: readonly string[] } = {}): HostPorts {
  const docker = {
    info: async () => ({ Name: engine.host ?? 'here' }),
    listContainers: async () => engine.containers ?? [],
  } as unknown as Docker;
  return new HostPorts({ docker, label: 'gantry.cluster=c', hostname: 'here' });
}

const request = () => ({ ports: [{ target: 80, protocol: 'tcp' as const, host: port }] });

test('a port that another program of the host of the engine holds is PortTaken', async () => {
  await expect(hostPorts().check(request())).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `network-docker: port ${port}/tcp is taken by another program on this host`,
    details: { reason: 'PortTaken' },
  });
});

test('a port of a task, attached or found as a container, is allowed', async () => {
  const attached = hostPorts();
  attached.take('a', [{ protocol: 'tcp', port }]);
  await attached.check(request());
  attached.release([{ protocol: 'tcp', port }]);
  await expect(attached.check(request())).rejects.toMatchObject({ code: 'CONFLICT' });
  await hostPorts({ containers: ['web.1'] }).check(request());
});

test('ports of this process say nothing about an engine on another host or outside of its container', async () => {
  await hostPorts({ host: 'there' }).check(request());
});

test('an engine that does not answer is UNAVAILABLE', async () => {
  const away = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  };
  const docker = { info: away, listContainers: away } as unknown as Docker;
  const ports = new HostPorts({ docker, label: 'gantry.cluster=c' });
  await expect(ports.check(request())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
