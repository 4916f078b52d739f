import { findField, parseFieldPath } from '../cluster/find-field.ts';
import { kindOf } from '../cluster/kinds.ts';
import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { renderField } from '../describe/render-field.ts';
import { type Format, parseFormat, renderData } from '../output/format.ts';
import { renderExplained } from '../output/render-explanation.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** Defines `gantry explain TASK|SERVICE|FIELD`. */
export const explain: Define = (command, act) => {
  command
    .argument('<workload>', 'service/NAME, task/NAME, the name alone, or a field such as service.spec.update')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(
      act<[string], { output?: string }>(async (cx, [word], options) => {
        const format = parseFormat(options.output);
        const field = parseFieldPath(word);
        cx.io.stdout.write(
          field === undefined
            ? await explainWorkload(cx, word, format)
            : await explainField(cx, field, format),
        );
      }),
    );
};

async function explainWorkload(cx: Cx, word: string, format: Format): Promise<string> {
  const { kind, id } = await parseWorkload(cx, word, ['service', 'task']);
  const api = await cx.api();
  const result = await withSuggestion(cx, kind, id, () => api.explain(kind, id, { signal: cx.signal }));
  return format.type === 'table'
    ? renderExplained(result, cx.colors)
    : await renderData(format, result, () => [`${kind}/${id}`]);
}

async function explainField(
  cx: Cx,
  { kind: word, names }: { readonly kind: string; readonly names: readonly string[] },
  format: Format,
): Promise<string> {
  const { kind } = await kindOf(cx, word);
  const found = findField(await cx.schemas(), kind, names);
  return format.type === 'table'
    ? renderField(found, cx.colors)
    : await renderData(format, found, () => [`${kind}.${found.path}`]);
}
