import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { renderExplained } from '../output/render-explanation.ts';
import type { Define } from './entry.ts';

/** Defines `gantry explain TASK|SERVICE`. */
export const explain: Define = (command, act) => {
  command
    .argument('<workload>', 'service/NAME, task/NAME, or the name alone')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
    .action(
      act<[string], { output?: string }>(async (cx, [word], options) => {
        const format = parseFormat(options.output);
        const { kind, id } = await parseWorkload(cx, word, ['service', 'task']);
        const api = await cx.api();
        const result = await withSuggestion(cx, kind, id, () => api.explain(kind, id, { signal: cx.signal }));
        cx.io.stdout.write(
          format.type === 'table'
            ? renderExplained(result, cx.colors)
            : await renderData(format, result, () => [`${kind}/${id}`]),
        );
      }),
    );
};
