/** Takes what the web service leaves in the cache's queue. */
const { CACHE_URL = '' } = process.env;
let stopped = false;
process.on('SIGTERM', () => {
  stopped = true;
});

console.log('worker: ready');
while (!stopped) {
  const word = await (await fetch(`${CACHE_URL}/take`, { method: 'POST' })).text();
  if (word !== '') console.log(`worker: did ${word}`);
  else await new Promise((resolve) => setTimeout(resolve, 100));
}
