import { GantryError } from '@gantry/core';
import {
  type AnyObject,
  inputSchema,
  KIND_DEFINITIONS,
  type KindDefinition,
  type ObjectMeta,
} from '@gantry/core/model';
import { type KindSubject, kindKit, type Wreck } from '@gantry/testing';
import { conformance, sabotage } from '@gantry/testing/vitest';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

interface Mailbox {
  readonly kind: 'mailbox';
  readonly meta: ObjectMeta;
  readonly spec: {
    readonly service: string;
    readonly address: string;
    readonly size: number;
    readonly password?: string | undefined;
    readonly note?: string | undefined;
  };
  readonly status: { readonly mails: number };
}

declare module '@gantry/core/model' {
  interface KindMap {
    mailbox: Mailbox;
  }
}

type Definition = KindDefinition<'mailbox'>;

const specSchema = z.strictObject({
  service: z.string(),
  address: z.string(),
  size: z.int().default(10),
  password: z.string().optional(),
  note: z.string().optional(),
});

const sound = {
  kind: 'mailbox',
  plural: 'mailboxes',
  shortNames: ['mb'],
  namespaced: true,
  description: 'Takes mail for an address.',
  input: inputSchema('mailbox', specSchema),
  status: z.strictObject({ mails: z.int().min(0) }),
  initialStatus: { mails: 0 },
  immutable: ['spec.address'],
  columns: [
    { title: 'ADDRESS', path: 'spec.address' },
    { title: 'MAILS', path: 'status.mails' },
  ],
  indexes: { service: ({ spec }) => spec.service },
  secrets: {
    redact: (spec) => (spec.password === undefined ? spec : { ...spec, password: '<redacted>' }),
    keep: (spec, stored) => {
      const { password, note } = spec;
      if (password !== '<redacted>' && note !== '<redacted>') return spec;
      if (stored?.password === undefined) throw new GantryError('INVALID_OBJECT', 'no password is stored');
      return {
        ...spec,
        ...(password === '<redacted>' && { password: stored.password }),
        ...(note === '<redacted>' && { note: stored.note }),
      };
    },
    hide: (spec) => (spec.note === undefined ? spec : { ...spec, note: '<redacted>' }),
  },
  deletion: {
    finalizer: 'acme/mailboxes',
    refuse: ({ status }) =>
      status.mails === 0 ? undefined : new GantryError('CONFLICT', 'the mailbox has mail'),
    begin: (object, now) =>
      object.meta.deletedAt === undefined ? { ...object, meta: { ...object.meta, deletedAt: now } } : object,
  },
  references: ({ spec }) => [{ kind: 'service', id: spec.service, path: 'spec.service' }],
  claims: ({ spec }) => [{ name: `address ${spec.address}`, path: 'spec.address' }],
} satisfies Definition;

const input = { kind: 'mailbox', meta: { name: 'hi' }, spec: { service: 'web', address: 'hi@acme' } };
const inputs = [input, { ...input, spec: { ...input.spec, size: 20, password: 'secret', note: 'for me' } }];

const subject = (definition: Definition): { subject: KindSubject } => ({
  subject: { definition, inputs },
});

/** A wreck of the sound kind with one part broken. */
const broken = (name: string, caughtBy: string, parts: Partial<Definition>): Wreck<KindSubject> => ({
  name,
  caughtBy,
  make: () => subject({ ...sound, ...parts }),
});

/** A schema that lets pass what the real one would not, or fills in something else. */
const schema = (change: (value: unknown) => unknown): NonNullable<Definition['input']> => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => ({ value: change(value) }),
  },
});

const real = sound.input['~standard'];
const lenient = {
  '~standard': {
    ...real,
    validate: (value: unknown) => {
      const { spec, ...rest } = value as { spec?: object };
      return real.validate({ ...rest, spec: z.object(specSchema.shape).safeParse(spec).data });
    },
  },
};

let count = 0;
const wrecks: readonly Wreck<KindSubject>[] = [
  broken(
    'refuses what its inputs say',
    'every input is accepted, and accepted again, unchanged, as it was filled in',
    { input: inputSchema('mailbox', specSchema.omit({ size: true })) },
  ),
  broken(
    'fills in something else each time it is filled in',
    'every input is accepted, and accepted again, unchanged, as it was filled in',
    {
      input: inputSchema(
        'mailbox',
        specSchema.extend({
          size: z
            .int()
            .default(1)
            .transform((n) => n + 1),
        }),
      ),
    },
  ),
  broken(
    'changes the input that it validates',
    'validating an input does not change it, and has the same result each time',
    { input: schema((value) => Object.assign(value as object, { seen: true })) },
  ),
  broken(
    'depends on how often it was asked',
    'validating an input does not change it, and has the same result each time',
    { input: schema((value) => ({ ...(value as object), count: count++ })) },
  ),
  broken('ignores unknown fields', 'an unknown field is rejected, wherever it is', {
    input: lenient,
  }),
  broken('accepts anything', 'an object without a name, or with the name of another kind, is rejected', {
    input: schema((value) => value),
  }),
  broken('refuses an object that has a status', 'an object that was read can be applied again unchanged', {
    input: inputSchema('mailbox', specSchema).omit({ status: true }),
  }),
  broken(
    'begins with a status that its schema refuses',
    'the initial status is plain data, and the schema of the status accepts it unchanged',
    { initialStatus: { mails: -1 } },
  ),
  broken('ignores unknown fields of its status', 'an unknown field of the status is rejected', {
    status: z.object({ mails: z.int() }),
  }),
  broken(
    'has the name of a kind of the core',
    'its names are DNS labels that no other kind has, and its columns have a title each',
    { shortNames: ['svc'] },
  ),
  broken(
    'says something else each time',
    'the functions of a kind return the same each time, and change nothing',
    { claims: () => [{ name: `claim ${count++}`, path: 'spec.address' }] },
  ),
  broken('changes what it reads', 'the functions of a kind return the same each time, and change nothing', {
    references: ({ spec }) => {
      Object.assign(spec, { size: 0 });
      return [];
    },
  }),
  broken(
    'claims by a field that no object has',
    'references, claims and drivers name fields that the object has',
    { claims: () => [{ name: 'x', path: 'spec.port' }] },
  ),
  broken(
    'refers to an unknown kind',
    'references lead to known kinds, which are applied no later than the kind itself',
    { references: () => [{ kind: 'unknown' as 'service', id: 'x', path: 'spec.service' }] },
  ),
  broken(
    'is applied before what it refers to',
    'references lead to known kinds, which are applied no later than the kind itself',
    { applyOrder: -5 },
  ),
  broken('indexes by a number', 'an index has texts, or nothing, for every object', {
    indexes: { size: ({ spec }) => spec.size as unknown as string },
  }),
  broken(
    'shows an object in a column',
    'columns show texts, numbers and booleans, and each shows something of some object',
    { columns: [{ title: 'META', path: 'meta' }] },
  ),
  broken(
    'shows a missing field',
    'columns show texts, numbers and booleans, and each shows something of some object',
    { columns: [{ title: 'PORT', path: 'spec.port' }] },
  ),
  broken('declares a missing field immutable', 'an immutable field is the spec, or a field of it', {
    immutable: ['spec.port'],
  }),
  broken('shows its secrets', 'a secret is shown as <redacted>, and everything else unchanged', {
    secrets: { ...sound.secrets, redact: (spec) => spec },
  }),
  broken('hides more than secrets', 'a secret is shown as <redacted>, and everything else unchanged', {
    secrets: { ...sound.secrets, redact: (spec) => ({ ...spec, address: '', password: '<redacted>' }) },
  }),
  broken('forgets its secrets', 'a spec that comes back as it was shown keeps its secrets', {
    secrets: { ...sound.secrets, keep: (spec) => spec },
  }),
  broken(
    'hides a field whole',
    'a value for operators is shown to viewers as <redacted>, and keeps its value if it comes back so',
    { secrets: { ...sound.secrets, hide: ({ note: _, ...spec }) => spec } },
  ),
  broken(
    'cannot restore a hidden value',
    'a value for operators is shown to viewers as <redacted>, and keeps its value if it comes back so',
    {
      secrets: {
        ...sound.secrets,
        keep: (spec, stored) => ({ ...sound.secrets.keep(spec, stored), note: spec.note }),
      },
    },
  ),
  broken('keeps <redacted> as a secret', '<redacted> without a stored value is rejected', {
    secrets: { ...sound.secrets, keep: (spec, stored) => ({ ...spec, password: stored?.password }) },
  }),
  broken(
    'begins a deletion again',
    'a deletion in progress is not started again, and the object stays the same',
    {
      deletion: {
        finalizer: 'acme/mailboxes',
        begin: (object, now) => ({ ...object, meta: { ...object.meta, deletedAt: now } }),
      },
    },
  ),
  broken(
    'begins a deletion that no finalizer ends',
    'a deletion in progress is not started again, and the object stays the same',
    { deletion: { ...sound.deletion, finalizer: undefined } },
  ),
  broken('says no without a code', 'it says why an object cannot be deleted with an error that has a code', {
    deletion: { ...sound.deletion, refuse: () => new Error('no') as GantryError },
  }),
];

sabotage(kindKit, () => subject(sound), wrecks);

test('every case of the kind kit catches a wreck', () => {
  const caught = new Set(wrecks.map(({ caughtBy }) => caughtBy));
  expect(kindKit.cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([]);
});

const meta: ObjectMeta = { name: 'one', uid: 'u', generation: 1, createdAt: 1, labels: {} };
const template = {
  image: 'web:1',
  registryAuth: { username: 'me', password: 'secret' },
  env: { GREETING: 'hello' },
  logging: { driver: 'syslog', options: { tag: 'web' } },
  networks: [{ name: 'front' }],
  ports: [{ target: 80, published: 8080 }],
};
/** What users may write of the core's kinds, and objects of those that they do not write. */
const examples: Readonly<Record<string, Omit<KindSubject, 'definition'>>> = {
  node: {
    inputs: [{ kind: 'node', meta: { name: 'a', labels: { a: 'b' } }, spec: { availability: 'drain' } }],
    objects: [
      { kind: 'node', meta, spec: { availability: 'active', taints: [] }, status: { state: 'ready' } },
      { kind: 'node', meta, spec: { availability: 'active', taints: [] }, status: { state: 'down' } },
    ],
  },
  network: { inputs: [{ kind: 'network', meta: { name: 'front' }, spec: { internal: true } }] },
  service: {
    inputs: [
      { kind: 'service', meta: { name: 'db' }, spec: { template: { image: 'db:1' } } },
      {
        kind: 'service',
        meta: { name: 'web', namespace: 'team-a', labels: { app: 'web' } },
        spec: { template, dependsOn: [{ service: 'db' }], scheduler: 'spread' },
      },
    ],
  },
  task: {
    inputs: [],
    objects: [{ kind: 'task', meta, spec: { service: 'web', node: 'a', desired: 'running' }, status: {} }],
  },
  template: { inputs: [], objects: [{ kind: 'template', meta, spec: template }] },
  event: { inputs: [], objects: [{ kind: 'event', meta, spec: { regarding: { kind: 'task', name: 'a' } } }] },
} as unknown as Readonly<Record<string, Omit<KindSubject, 'definition'> & { objects?: AnyObject[] }>>;

describe('the kinds of the core', () => {
  for (const definition of KIND_DEFINITIONS) {
    const given = examples[definition.kind] as Omit<KindSubject, 'definition'>;
    conformance(kindKit, definition.kind, () => ({ subject: { ...given, definition } }));
  }
});
