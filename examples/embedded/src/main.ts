// #region embedded
import { createCluster } from '@gantry/host';
import { processCluster } from '@gantry/presets/process';

await using cluster = await createCluster(processCluster(), { nodes: 3 });
const { api } = cluster;

const serve = 'require("http").createServer((_, answer) => answer.end("hello\\n")).listen(process.env.PORT)';
const template = { command: [process.execPath, '-e', serve], ports: [{ target: 8080, published: 8080 }] };
await api.apply({ kind: 'service', meta: { name: 'web' }, spec: { replicas: 3, template } });
await api.wait('service', 'web', 'Available', { timeoutMs: 10_000 });

for (const { meta, spec } of (await api.list('task')).items) console.log(`${meta.name} runs on ${spec.node}`);
console.log(await (await fetch('http://127.0.0.1:8080/')).text());
// #endregion embedded
