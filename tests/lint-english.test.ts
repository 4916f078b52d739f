import { describe, expect, it } from 'vitest';
import { lintEnglish } from '../scripts/lint-english.mjs';

const advice = (text: string, file = 'packages/core/src/thing.ts'): string[] =>
  lintEnglish(file, text).map((each) => each.match);

describe('the rules of English', () => {
  it.each([
    ["const a = 'waits so long';", ['so long']],
    ['/** Kept for who reads it. */\nconst a = 1;', ['for who']],
    ["const a = 'nobody reads';", ['nobody']],
    ['// the file is mended\nconst a = 1;', ['mended']],
    ['// was cut off, and nobody\n// noticed it any more\nconst a = 1;', ['nobody', 'any more']],
    ['/**\n * It is\n * told to nobody.\n */\nconst a = 1;', ['nobody']],
    ['/** Of the clock. */\nconst a = 1;', ['/** Of t']],
    ["test('of another may be taken', () => {});", ['of']],
    ["it.each([1])('that is lost', () => {});", ['that']],
    ["const a = 'there is no service';", ['there is no']],
    ['const a = `$' + '{n} is there twice`;', ['is there twice']],
  ])('%j', (text, matches) => {
    expect(advice(text)).toEqual(matches);
  });

  it('leaves identifiers and code alone', () => {
    expect(advice('const nobody = { his: 1 };\nexport const mend = () => nobody.his;')).toEqual([]);
    expect(advice('/** See `nobody`. */\nconst a = 1;')).toEqual([]);
    expect(advice("import { anew } from './anew.ts';\nexport const a = anew;")).toEqual([]);
  });

  it('reads documents without their code', () => {
    const text = 'Nobody reads `nobody`.\n\n```sh\nnobody\n```\n\nThis is mended.\n';
    expect(advice(text, 'README.md')).toEqual(['mended']);
  });

  it('says where a match is', () => {
    expect(lintEnglish('a.md', 'one\n\nfor ever\n')).toMatchObject([{ line: 3, match: 'for ever' }]);
  });
});
