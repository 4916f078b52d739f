import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseGoTemplate, renderGoTemplate } from '../src/output/go-template.ts';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';

const VALUE = { Name: 'web', Count: 3, Labels: { 'a.b': 'x', z: 'y' }, List: ['a', 'b'], Deep: { Er: true } };
const render = (format: string): string => renderGoTemplate(parseGoTemplate(format), VALUE);

describe("Docker's format", () => {
  test.each([
    ['{{.Name}}', 'web'],
    ['{{ .Name }}: {{.Count}}', 'web: 3'],
    ['{{.Deep.Er}}', 'true'],
    ['{{json .Labels}}', '{"a.b":"x","z":"y"}'],
    ['{{json .}}', JSON.stringify(VALUE)],
    ['{{.Labels}} {{.List}}', 'map[a.b:x z:y] [a b]'],
    ['{{join .List ","}}', 'a,b'],
    ['{{.List | json}}', '["a","b"]'],
    ['{{.Name | upper | lower | title}}', 'Web'],
    ['{{upper .Name}} {{truncate .Name 2}}', 'WEB we'],
    ['{{index .Labels "a.b"}} {{.Label "z"}}', 'x y'],
    ['{{.Name}}\\t{{.Count}}\\n', 'web\t3\n'],
    ['a  {{- .Name -}}  b', 'awebb'],
    ['{{"}}"}}{{`x`}}', '}}x'],
    ['{{/* a comment */}}x', 'x'],
    ['{{.Nothing.At.All}}', '<no value>'],
    ['plain', 'plain'],
    ['', ''],
  ])('%s gives %j', (format, text) => {
    expect(render(format)).toBe(text);
  });

  test.each([
    ['{{range .List}}{{end}}', '"range" is not supported'],
    ['{{if .Name}}x{{end}}', '"if" is not supported'],
    ['{{printf "%s" .Name}}', '"printf" is not supported'],
    ['{{constructor}}', '"constructor" is not supported'],
    ['{{.Name', '"{{" without "}}"'],
    ['{{}}', 'expected a value'],
    ['{{(json .)}}', 'is not supported'],
    ['{{.Name .Count}}', 'takes no arguments'],
    ['x'.repeat(5000), 'at most 4096 characters'],
  ])('%s is a usage error: %s', (format, message) => {
    expect(() => parseGoTemplate(format)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(message) }),
    );
  });

  test('any text is rendered or is a usage error, and only known fields are read', () => {
    const part = fc.oneof(
      fc.constantFrom('{{', '}}', '.', 'json', ' ', '"', '`', '|', '-', '.constructor', '.__proto__', 'Name'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        try {
          expect(render(parts.join(''))).not.toContain('function');
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE' });
        }
      }),
    );
  });
});

describe('--format', () => {
  let bench: Bench;
  let run: Bench['run'];
  beforeAll(async () => {
    bench = await openBench();
    run = bench.run;
    await run('apply --wait -f -', { stdin: serviceYaml('web') });
    const compose = 'services: { api: { image: "api:1" } }';
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${bench.terminal.home}/compose.yaml`, compose);
    await run('stack deploy -c compose.yaml shop');
  });
  afterAll(() => bench[Symbol.asyncDispose]());

  test.each([
    [
      ['service', 'ls', '--filter', 'label=app=web', '--format', '{{.Name}} {{.Replicas}} {{.Image}}'],
      'web 2/2 registry/web:1\n',
    ],
    [
      ['service', 'ls', '--filter', 'label=app=web', '--format', 'table {{.Name}}\\t{{.Replicas}}'],
      'NAME   REPLICAS\nweb    2/2\n',
    ],
    [
      ['service', 'inspect', 'web', '--format', '{{.meta.name}} {{json .spec.replicas}} {{.Name}}'],
      'web 2 web\n',
    ],
    [['service', 'inspect', 'web', '-f', '{{.spec.nothing}}'], '<no value>\n'],
    [
      ['node', 'ls', '--format', '{{.Hostname}} {{.Status}} {{.Availability}}'],
      expect.stringMatching(/^\S+ ready active\n\S+ ready active\n$/),
    ],
    [['node', 'inspect', 'node-1', '-f', '{{.spec.availability}}'], 'active\n'],
    [['stack', 'ls', '--format', '{{.Name}}: {{.Services}}'], 'shop: 1\n'],
    [['stack', 'ls', '--format', 'json'], '{"Name":"shop","Services":1}\n'],
    [['stack', 'services', 'shop', '--format', '{{.Name}}'], 'shop-api\n'],
    [['service', 'ps', 'web', '--format', '{{.DesiredState}} {{.Error}}|'], 'running |\nrunning |\n'],
    [
      ['stack', 'ps', 'shop', '--format', 'table {{.Service}}\\t{{.DesiredState}}'],
      'SERVICE    DESIRED STATE\nshop-api   running\n',
    ],
  ])('%j', async (args, out) => {
    expect(await run(args)).toMatchObject({ code: 0, out });
  });

  test('an unknown field is a usage error with the fields there are', async () => {
    expect(await run(['service', 'ls', '--format', '{{.Nmae}}'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/unknown field "\.Nmae"[\s\S]*fields: \.ID, \.Name,/),
    });
    expect(await run(['service', 'ls', '--format', '{{range .}}'])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/"range" is not supported[\s\S]*json, join/),
    });
  });
});
