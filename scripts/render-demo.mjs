/**
 * Draws README's picture of the demo from what the demo really prints: runs it with `--plain` and the given options, and
 * writes docs/images/demo.svg. `npm run render:demo`.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CHAR = 8.4;
const LINE = 19;
const PAD = 20;
const TITLE = 34;

const args = ['scripts/run.mjs', 'demo', '--plain', ...process.argv.slice(2)];
const { stdout, status } = spawnSync(process.execPath, args, {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) throw new Error('the demo did not hold: no picture');
const printed = stdout.split('\n').map((line) => line.trimEnd());
const steps = printed.filter((line) => line.startsWith('✓'));
const lines = ['$ npm run demo', ...steps, '', printed.findLast((line) => line !== '') ?? ''];

const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHAR + 2 * PAD);
const height = TITLE + lines.length * LINE + 2 * PAD;
/** @param {string} text */
const escaped = (text) => text.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
/** @param {string} line */
const color = (line) => {
  if (line.startsWith('✓') || line === 'demo: ok') return '#7ee787';
  return line.startsWith('$') ? '#79c0ff' : '#c9d1d9';
};
const text = lines
  .map((line, i) => {
    const y = TITLE + PAD + (i + 0.75) * LINE;
    return `<text x="${PAD}" y="${y}" fill="${color(line)}" xml:space="preserve">${escaped(line)}</text>`;
  })
  .join('\n');
const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
  (fill, i) => `<circle cx="${PAD + i * 20}" cy="17" r="6" fill="${fill}"/>`,
);
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="The output of npm run demo">
<rect width="100%" height="100%" rx="10" fill="#0d1117"/>
${dots.join('')}
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
${text}
</g>
</svg>
`;
mkdirSync(join(root, 'docs/images'), { recursive: true });
writeFileSync(join(root, 'docs/images/demo.svg'), svg);
console.log(`docs/images/demo.svg: ${lines.length} lines`);
