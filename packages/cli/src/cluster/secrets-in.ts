interface Stored {
  readonly key: string;
  readonly value: unknown;
}

interface TemplateLike {
  readonly registryAuth?: { readonly password?: unknown };
  readonly env?: object;
}

/**
 * Lists the secrets that stored entries contain in plain text, with the number of objects for each; empty if there are
 * none.
 */
export function secretsIn(entries: readonly Stored[]): readonly string[] {
  const templates = entries.flatMap(({ value }): TemplateLike[] => {
    const { kind, spec } = (value ?? {}) as {
      kind?: unknown;
      spec?: TemplateLike & { template?: TemplateLike };
    };
    if (kind === 'service') return spec?.template === undefined ? [] : [spec.template];
    return kind === 'template' && spec !== undefined ? [spec] : [];
  });
  const counts: readonly (readonly [number, string])[] = [
    [templates.filter(({ registryAuth }) => registryAuth !== undefined).length, 'registry passwords'],
    [
      templates.filter(({ env }) => Object.keys(env ?? {}).length > 0).length,
      'values of environment variables',
    ],
    [entries.filter(({ key }) => key.startsWith('tokens/')).length, 'hashes of access tokens'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${what} (${count})`);
}
