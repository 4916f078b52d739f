import { gateway } from './etcd.ts';

/** Creates users who may write below `/gantry/` and nowhere else; etcd then requires authentication. */
export async function demandLogin(url: string, users: Readonly<Record<string, string>>): Promise<void> {
  await gateway(url, 'auth/role/add', { name: 'store' });
  const range = { key: btoa('/gantry/'), range_end: btoa('/gantry0'), permType: 'READWRITE' };
  await gateway(url, 'auth/role/grant', { name: 'store', perm: range });
  for (const [name, password] of Object.entries(users)) {
    await gateway(url, 'auth/user/add', { name, password });
    await gateway(url, 'auth/user/grant', { user: name, role: 'store' });
  }
  await gateway(url, 'auth/user/add', { name: 'root', password: 'root' });
  await gateway(url, 'auth/role/add', { name: 'root' });
  await gateway(url, 'auth/user/grant', { user: 'root', role: 'root' });
  await gateway(url, 'auth/enable', {});
}
