import type { Log } from '../model/log.ts';
import { type Dict, dict, type Place, type Source } from '../model/tree.ts';
import { parseDocuments } from '../syntax/parse-yaml.ts';
import { canonical } from './canonical.ts';
import { resolveExtends } from './extends.ts';
import { addIncluded, type Inclusion, inclusionsOf } from './include.ts';
import { interpolateTree } from './interpolate-tree.ts';
import { merge, settle } from './merge.ts';
import { locate, type ReadText } from './reader.ts';
import { readVariables } from './variables.ts';

/** The files of a project, to be merged into one document. */
export interface FileSet {
  readonly files: readonly string[];
  readonly directory: string;
  readonly variables: ReadonlyMap<string, string>;
  /** Place of the reference to the files; absent if they were given by the user. */
  readonly asked?: { readonly at: Place; readonly path: string };
}

/** Reads, interpolates, extends, merges and includes files. Problems are added to the log. */
export class Loader {
  readonly #read: ReadText;
  readonly #log: Log;
  readonly #known = new Map<Source['variables'], Map<string, Promise<Dict | undefined>>>();

  constructor(read: ReadText, log: Log) {
    this.#read = read;
    this.#log = log;
  }

  /**
   * Returns the merged document of all files. Later documents of a file are merged over earlier ones; `including` lists
   * the files that include these.
   */
  async load(set: FileSet, including: readonly string[] = []): Promise<Dict> {
    const { files, directory, variables } = set;
    let model: Dict | undefined;
    for (const file of files) {
      const source = { file, directory, variables };
      const one = await this.#one(source);
      if (one === undefined) {
        const remote = /^[a-z+]+:/i.test(file) ? ': remote files are not fetched' : '';
        const place = set.asked?.at ?? { source, line: 1, column: 1 };
        this.#log.invalid(place, set.asked?.path ?? '', `file "${file}" not found${remote}`);
        continue;
      }
      const extended = await resolveExtends(one, model, {
        log: this.#log,
        load: (other) => this.#one(other),
      });
      model = model === undefined ? extended : merge(model, extended, this.#log);
    }
    if (model === undefined)
      return dict({ source: { file: files[0] ?? '', directory, variables }, line: 1, column: 1 });
    let result = settle(model);
    for (const inclusion of inclusionsOf(result, this.#log)) {
      result = await this.#include(result, inclusion, set, [...including, ...files]);
    }
    return result;
  }

  async #include(
    model: Dict,
    inclusion: Inclusion,
    set: FileSet,
    including: readonly string[],
  ): Promise<Dict> {
    const { files, directory, envFiles, at, path } = inclusion;
    const again = files.find((file) => including.includes(file));
    if (again !== undefined) {
      this.#log.invalid(at, path, `"${again}" includes itself in a circle`);
      return model;
    }
    const wanted = envFiles?.map((file) => ({ file, required: true })) ?? [
      { file: locate(directory, '.env'), required: false },
    ];
    const variables = await readVariables(wanted, set.variables, this.#read, this.#log);
    const included = await this.load({ files, directory, variables, asked: { at, path } }, including);
    return addIncluded(model, included, inclusion, this.#log);
  }

  /** Reads a file once for the same directory and variables, however many services extend from it. */
  #one(source: Source): Promise<Dict | undefined> {
    const { file, directory, variables } = source;
    const known = this.#known.get(variables) ?? new Map<string, Promise<Dict | undefined>>();
    this.#known.set(variables, known);
    const key = `${file}\0${directory}`;
    const read = known.get(key) ?? this.#parse(source);
    known.set(key, read);
    return read;
  }

  async #parse(source: Source): Promise<Dict | undefined> {
    const text = await this.#read(source.file);
    if (text === undefined) return undefined;
    const documents = parseDocuments(text, source, this.#log).map((parsed) => {
      const interpolated = interpolateTree(parsed, this.#log) as Dict;
      return canonical(interpolated, this.#log);
    });
    const [first, ...later] = documents;
    if (first === undefined) return dict({ source, line: 1, column: 1 });
    return later.reduce((before, over) => merge(before, over, this.#log), first);
  }
}
