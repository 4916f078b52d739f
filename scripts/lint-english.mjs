/**
 * How Gantry's text is worded: patterns of clauses and words that do not belong in it, over the comments, strings and
 * test titles of all sources, and over the documents outside of code blocks. Prints `file:line pattern: advice` for each
 * match beyond the number that `lint-english.json` accepts for the file, and exits with 1 if there is one. The numbers may
 * only fall: `--update` writes the present ones, and refuses to raise any. `--list` prints every match.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = dirname(import.meta.dirname);
const acceptedFile = join(root, 'scripts/lint-english.json');

/** Files whose text is not Gantry's own, or which name the patterns. */
const SKIPPED = [
  /^scripts\/lint-english/,
  /^tests\/lint-english/,
  /^docs\/cli\.md$/,
  /^docs\/api\//,
  /LICENSE$/,
];

/** @type {readonly (readonly [pattern: RegExp, advice: string])[]} */
export const PATTERNS = [
  [/\bso (many|much|often|long)\b(?! (that|as)\b)/g, 'give the number, its noun or its unit'],
  [/\b(for|to|of|by|with|from|than|only|beside) who\b/g, 'name the actor: caller, watcher, plugin author'],
  [
    /(?:^\s*(?:\*|\/\/|\/\*\*) |[.;:] |^)[Ww]ho (?!is\b|are\b|was\b|were\b|has\b|may\b)[a-z]+/g,
    'name the actor instead of "who"',
  ],
  [/\b(he|his|him)\b/g, 'programs are "it", users are "they"'],
  [/\b(some|any|every|no)body\b/g, 'name the party, or use the passive'],
  [
    /\bmend(s|ed|ing)?\b|\banew\b|\bfor ever\b|\btill\b|\b(bears?|borne)\b/g,
    'fix; again; indefinitely; until; tolerate',
  ],
  [
    /\b(has|have) (it|them|one) not\b|\bhow manieth\b|\bthe own\b|\bown one\b|\bwhomever\b|\bdoes no longer\b|\b(takes?|leads?|told|have) no more\b/g,
    'the negation goes before the verb',
  ],
  [/\bany more\b/g, '"no longer" before the verb'],
  [/\bis there (twice\b|\$\{|[0-9]+ times)|\b(a|no|without|or a) doubles?\b/g, 'duplicate X; listed N times'],
  [/\bdo all but\b|\ball but stored?\b/g, 'dry run: validate without storing'],
  [/\b(in|into) words\b/g, 'as text; usually it can be dropped'],
  [
    /\bgrowing (waits|delays)\b|\bwaits (that )?(grow|double)|\bby chance\b/g,
    'exponential backoff; at random',
  ],
  [
    /\b(is|are|was|were|be|been|being|not|never) (also )?told\b(?! to\b)/g,
    'is reported, notified, delivered, logged',
  ],
  [/\btells? (of|all|everything|nothing|what|it)\b/g, 'reports, returns, delivers, lists'],
  [/(?<![Tt]here )\b(is|are) no (?!longer\b|more\b|such\b|one\b)[a-zA-Z`]/g, '"is not a", "is not valid"'],
  [/\bsigns? of life\b/g, 'heartbeat'],
  [/\b(at|to) rest\b/g, 'idle, settled'],
  [/\bon (its|their) way\b/g, 'in flight, pending'],
  [/\bin place of\b/g, 'instead of'],
  [/[;,:] [^;,:'"`]{0,45}\bwithout (it|one)(?=['"`;.|]|$| \|)/g, '(default: X)'],
  [
    /\b(each|one|two|first|next|the last|every|only a|a) looks?\b(?! (at|for|like|after)\b)/g,
    'poll, probe, check',
  ],
  [
    /\b(a|one|next|last|each|another|first) try\b|\b(two|further|between|many|the) tries\b/g,
    'attempt, attempts',
  ],
  [/\b(was|is|are|were|been|none|not) heard\b|\bheard of\b/g, 'received; heard from'],
  [/\/\*\* (Of|By|From|Besides|Without|In whose|To) [a-z`]/g, 'a doc comment says what the thing is'],
  [
    /^(that|of|at|since|over|whose|what|who|by|from|in|on|with|without|whatever|once|to)\b/g,
    'a test title is a sentence with a subject and a verb',
  ],
  [/\b(is|are) not (known|there)\b|\bthat (was|were) not there\b/g, 'unknown, missing, not found'],
  [
    /\bwhat (is|was) (there|stored|wanted|left|written|asked|missing|new)\b/g,
    'name the thing: the stored object, the request',
  ],
  [/^there is no\b/g, 'X "name" not found'],
  [/\b(cannot|could not|can) be had\b|\bcannot be (seen|followed)\b/g, 'is unavailable; failed to fetch'],
  [/\b(take|takes|taken|took) (away|off|out)\b/g, 'remove, delete, unset'],
  [
    /\b(go|goes|went) on( (and|by|at|from|in|with|until|over|past|where|running|waiting|living)\b|[.,;:'"])/g,
    'continue, resume, keep running',
  ],
  [
    /\b(stand|stands|stood) (in|on|behind|below|before|between|against|there|beside)\b/g,
    'is in, follows, precedes',
  ],
  [
    /\b(of|is|are|not|none) ours\b|\b(lets?) us\b|\bbehind our back\b|\bwe (may|saw|do|use|look|need|know|have)\b/g,
    'no first person: Gantry, this process',
  ],
  [/\bby (itself|themselves)\b/g, 'automatically, on its own, individually'],
  [
    /\bover (restarts?|losses|breaks|a restart|its loss)\b|\bin good order\b|\bended? (well|badly)\b/g,
    'across restarts; clean shutdown; succeeded, failed',
  ],
  [/\b(keep|keeps|kept|fall|falls|fell) silent\b/g, 'unresponsive, stopped responding'],
  [
    /\bthe (template|attempt|one|state|list|answer|look|event|batch|task|revision|version) before\b(?! (it|the|a|that|they|them|this)\b)/g,
    'the previous X',
  ],
  [/\b(twice|once) at a time\b|\bat the call\b/g, 'concurrently; immediately'],
];

/** Patterns for one place only: the beginning of a doc comment, of a test title, of any string. */
const DOC = 'a doc comment says what the thing is';
const TITLE = 'a test title is a sentence with a subject and a verb';
const MESSAGE = 'X "name" not found';

/** @typedef {{ readonly kind: 'comment' | 'string' | 'title' | 'prose', readonly text: string, readonly line: number }} Passage */

/** @param {ts.Node} node */
function isTitle(node) {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  return /^(test|it)\b/.test(parent.expression.getText());
}

/** The comments and strings of a source file. @param {string} name @param {string} text @returns {Passage[]} */
function passagesOfSource(name, text) {
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const lineOf = (/** @type {number} */ at) => tree.getLineAndCharacterOfPosition(at).line + 1;
  /** @type {Map<number, Passage>} */
  const found = new Map();
  /** @param {number} at */
  const comments = (at) => {
    for (const range of [
      ...(ts.getLeadingCommentRanges(text, at) ?? []),
      ...(ts.getTrailingCommentRanges(text, at) ?? []),
    ]) {
      const comment = text.slice(range.pos, range.end);
      found.set(range.pos, { kind: 'comment', text: comment, line: lineOf(range.pos) });
    }
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    comments(node.pos);
    comments(node.end);
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      if (ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent)) return;
      const start = node.getStart();
      const raw = text.slice(start + 1, node.end - 1);
      found.set(start, { kind: isTitle(node) ? 'title' : 'string', text: raw, line: lineOf(start) });
      return;
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return [...found.values()];
}

/** A document without its code. @param {string} text @returns {Passage[]} */
function passagesOfDocument(text) {
  let code = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*```/.test(line)) code = !code;
    if (code || /^\s*```/.test(line)) return [];
    return [{ kind: /** @type {const} */ ('prose'), text: line.replace(/`[^`]*`/g, '`x`'), line: index + 1 }];
  });
}

/**
 * All matches in one file.
 *
 * @param {string} name
 * @param {string} text
 * @returns {{ readonly line: number, readonly match: string, readonly advice: string }[]}
 */
export function lintEnglish(name, text) {
  const passages = name.endsWith('.md') ? passagesOfDocument(text) : passagesOfSource(name, text);
  return passages.flatMap(({ kind, text: passage, line }) => {
    // A comment's lines are one text: a clause may be broken anywhere.
    const flat =
      kind === 'comment' ? passage.replace(/\n\s*\*? ?/g, ' ').replace(/`[^`]*`/g, '`x`') : passage;
    return PATTERNS.flatMap(([pattern, advice]) => {
      if (advice === DOC && kind !== 'comment') return [];
      if (advice === TITLE && kind !== 'title') return [];
      if (advice === MESSAGE && kind === 'comment') return [];
      return [...flat.matchAll(pattern)].map(([match]) => ({ line, match: match.trim(), advice }));
    });
  });
}

function main() {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.mjs', '*.md'], {
    cwd: root,
  })
    .toString()
    .trim()
    .split('\n')
    .filter((file) => existsSync(join(root, file)) && !SKIPPED.some((skipped) => skipped.test(file)));
  /** @type {Record<string, number>} */
  const accepted = existsSync(acceptedFile) ? JSON.parse(readFileSync(acceptedFile, 'utf8')) : {};
  const isFirst = !existsSync(acceptedFile);
  /** @type {Record<string, number>} */
  const present = {};
  let total = 0;
  let failed = 0;
  for (const file of files) {
    const matches = lintEnglish(file, readFileSync(join(root, file), 'utf8'));
    if (matches.length > 0) present[file] = matches.length;
    total += matches.length;
    const most = accepted[file] ?? 0;
    const shown = process.argv.includes('--list') || (matches.length > most && !isFirst);
    if (matches.length > most) failed++;
    if (!shown) continue;
    for (const { line, match, advice } of matches) console.log(`${file}:${line} "${match}": ${advice}`);
    if (matches.length > most)
      console.log(`${file}: ${matches.length} matches, at most ${most} are accepted`);
  }
  const fallen = Object.keys(accepted).filter(
    (file) => (present[file] ?? 0) < /** @type {number} */ (accepted[file]),
  );
  if (process.argv.includes('--update') && (isFirst || failed === 0)) {
    writeFileSync(acceptedFile, `${JSON.stringify(present, null, 2)}\n`);
    console.log(`lint-english.json: ${total} matches are accepted`);
    return;
  }
  if (fallen.length > 0) {
    console.log(`${fallen.join(', ')}: fewer matches than accepted; run with --update`);
    failed++;
  }
  console.log(
    failed === 0 ? `English: ok, ${total} accepted matches` : `English: ${failed} files to look at`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
