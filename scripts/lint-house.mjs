/**
 * The house rules no ready-made linter knows, over packages/*\/src and plugins/*\/src, on TypeScript's own syntax
 * tree. Prints `file:line rule message` per finding and exits 1 when there is one. What each rule checks:
 *
 *   one-container       tsyringe and reflect-metadata are imported in packages/host/src/scope.ts only
 *   import-direction    which workspace package may import which (`mayImport` below)
 *   import-border       no relative import that leaves a src folder, no import of what another package does not export
 *   import-declared     what is imported is among the package's dependencies or peerDependencies
 *   import-circle       no files of a package that import each other in a circle, types included
 *   dependency-unused   no dependency of a package that its src never imports; peers of what it imports are excused
 *   import-effect       no `import 'x'`; no call, assignment or await as a statement of the module itself
 *   no-clock            no timers, no reading of the clock: setTimeout, setInterval, setImmediate, new Date(),
 *                       Date.now, performance, process.hrtime, AbortSignal.timeout, node:timers. Turning a number
 *                       into a date and back (`new Date(ms)`, Date.parse, Date.UTC) reads no clock and is allowed
 *   no-chance           no Math.random, nor random numbers, bytes or UUIDs of node:crypto
 *   no-default-export   named exports only
 *   no-module-state     no top-level let or var; no top-level `new` (in a constant or a static field), except of what
 *                       cannot change (RegExp, TextEncoder …) or is declared ReadonlySet or ReadonlyMap; no top-level
 *                       array or object literal that its own file changes; no static field that is not readonly
 *   erasable            no enum, namespace, decorator
 *   file-name           kebab-case
 *   file-length         at most 400 lines
 *
 * no-clock and no-chance do not hold in packages/system, where the system adapters live.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * The deliberate exceptions. An entry that no longer excuses anything is itself reported.
 *
 * @type {readonly { file: string, rule: string, reason: string }[]}
 */
const exceptions = [
  {
    file: 'packages/testing/src/patience.ts',
    rule: 'no-clock',
    reason: 'guards the kits against subjects that never answer, whatever clock those were given',
  },
  {
    file: 'packages/testing/src/test-clock.ts',
    rule: 'no-clock',
    reason: 'settling promises takes one real turn of the event loop',
  },
  {
    file: 'packages/client/src/platform.ts',
    rule: 'no-clock',
    reason:
      "a program that only talks to a cluster, as a browser, has the platform's clock and chance and gives none",
  },
  {
    file: 'packages/client/src/platform.ts',
    rule: 'no-chance',
    reason: 'as above',
  },
  {
    file: 'packages/api/src/secret.ts',
    rule: 'no-chance',
    reason: 'a secret has to come from the operating system, not from chance that can be seeded',
  },
  {
    file: 'plugins/store-lmdb/src/identity.ts',
    rule: 'no-chance',
    reason: 'the id of a store has to differ from that of every other store, also where chance is seeded',
  },
];

const maxLines = 400;
const containerFile = 'packages/host/src/scope.ts';
const systemFolders = ['packages/system/src/', 'packages/host/src/system/'];
const container = ['tsyringe', 'reflect-metadata'];

/** Which packages of packages/* a package may import; one that is not named here may import core only. */
const anything = /** @type {const} */ ('anything');
/** @type {Readonly<Record<string, readonly string[] | 'anything'>>} */
const mayImport = {
  core: [],
  presets: anything,
  cli: anything,
  simulation: anything,
  dashboard: ['core', 'client'],
  api: ['core', 'system'],
};

const timers = ['setTimeout', 'setInterval', 'setImmediate'];
const clockModules = ['timers', 'timers/promises', 'perf_hooks'];
const clockMembers = /** @type {Readonly<Record<string, readonly string[]>>} */ ({
  Date: ['now'],
  performance: ['now', 'timeOrigin', 'mark', 'measure'],
  process: ['hrtime', 'uptime'],
  AbortSignal: ['timeout'],
});
const chance = [
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'pseudoRandomBytes',
];
const unchanging = ['RegExp', 'TextEncoder', 'TextDecoder', 'URL', 'Intl'];
const readonlyTypes = ['ReadonlySet', 'ReadonlyMap'];
const changingMethods = [
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
  'set',
  'add',
  'delete',
  'clear',
];

/**
 * @typedef {{ line: number, rule: string, message: string }} Finding
 * @typedef {{ dependencies: readonly string[], exports: readonly string[] }} PackageFacts what a package.json says
 * @typedef {ReadonlyMap<string, PackageFacts>} World by package name
 */

/**
 * Checks one file.
 *
 * @param {string} file from the root of the repository, e.g. `packages/core/src/token.ts`
 * @param {string} text
 * @param {World} world
 * @returns {Finding[]}
 */
export function lintText(file, text, world) {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {Finding[]} */
  const findings = [];
  /** @param {ts.Node | number} where @param {string} rule @param {string} message */
  const report = (where, rule, message) => {
    const at = typeof where === 'number' ? where : where.getStart(tree);
    findings.push({ line: tree.getLineAndCharacterOfPosition(at).line + 1, rule, message });
  };

  checkFile(file, text, report);
  checkModuleStatements(file, tree, report);
  const outside = systemFolders.some((folder) => file.startsWith(folder)) ? [] : [checkClock, checkChance];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const specifier = importedFrom(node);
    if (specifier !== undefined) checkImport(file, specifier, world, report);
    for (const check of [checkErasable, checkExport, checkStatic, ...outside]) check(node, report);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return findings.sort((a, b) => a.line - b.line);
}

/** @typedef {(where: ts.Node | number, rule: string, message: string) => void} Report */

/** @param {string} file @param {string} text @param {Report} report */
function checkFile(file, text, report) {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.tsx?$/.test(basename(file))) {
    report(0, 'file-name', `"${basename(file)}" is not kebab-case`);
  }
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  if (lines > maxLines) report(text.length, 'file-length', `${lines} lines, at most ${maxLines}`);
}

/**
 * The string literal that names the module, for every form of import and re-export.
 *
 * @param {ts.Node} node
 * @returns {ts.StringLiteralLike | undefined}
 */
function importedFrom(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const callee = node.expression;
  const imports =
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
  return imports ? literal(node.arguments[0]) : undefined;
}

/** @param {ts.Node | undefined} node */
const literal = (node) => (node && ts.isStringLiteralLike(node) ? node : undefined);

/** @param {string} file @returns {{ folder: string, kind: string, name: string }} */
function owner(file) {
  const [kind = '', name = ''] = file.split('/');
  return { folder: `${kind}/${name}`, kind, name };
}

/** @param {string} file @param {ts.StringLiteralLike} at @param {World} world @param {Report} report */
function checkImport(file, at, world, report) {
  const specifier = at.text;
  const { folder, kind, name } = owner(file);
  if (specifier.startsWith('.') || specifier.startsWith('/')) {
    const target = normalize(join(dirname(file), specifier));
    if (!target.startsWith(`${folder}/src/`)) {
      report(at, 'import-border', `"${specifier}" leads out of ${folder}/src`);
    }
    return;
  }
  if (isBuiltin(specifier)) return;
  const parts = specifier.split('/');
  const target = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  if (container.includes(target) && file !== containerFile) {
    report(at, 'one-container', `"${target}" may be imported in ${containerFile} only`);
  }
  if (target.startsWith('@gantry/')) {
    const wanted = target.slice('@gantry/'.length);
    const allowed =
      kind === 'plugins'
        ? [
            'core',
            ...(name.startsWith('scheduler-') ? ['scheduling'] : []),
            ...(name.startsWith('store-') ? ['storing'] : []),
            ...(name.endsWith('-nats') ? ['nats'] : []),
            ...(name.startsWith('lb-') || name.startsWith('network-') ? ['system'] : []),
          ]
        : (mayImport[name] ?? ['core']);
    if (allowed !== anything && !allowed.includes(wanted)) {
      const may =
        allowed.length === 0 ? 'no @gantry package' : allowed.map((one) => `@gantry/${one}`).join(', ');
      report(at, 'import-direction', `${folder} imports ${target}; it may import ${may}`);
    }
    const subpath = ['.', ...parts.slice(2)].join('/');
    if (world.get(target)?.exports.includes(subpath) === false) {
      report(at, 'import-border', `"${specifier}" is not among the exports of ${target}`);
    }
  }
  const own = world.get(`@gantry/${name}`);
  if (own && target !== `@gantry/${name}` && !own.dependencies.includes(target)) {
    report(at, 'import-declared', `"${target}" is not among the dependencies of @gantry/${name}`);
  }
}

/** @param {string} file @param {ts.SourceFile} tree @param {Report} report */
function checkModuleStatements(file, tree, report) {
  /** @type {Map<string, ts.VariableDeclaration>} */
  const literals = new Map();
  for (const statement of tree.statements) {
    if (ts.isImportDeclaration(statement) && statement.importClause === undefined) {
      const from = literal(statement.moduleSpecifier)?.text;
      if (!(from === 'reflect-metadata' && file === containerFile)) {
        report(
          statement,
          'import-effect',
          `import '${from}' is for its effect only; import a value and use it`,
        );
      }
    }
    if (ts.isExpressionStatement(statement) && hasEffect(statement.expression)) {
      report(statement, 'import-effect', 'the module does something when it is imported; export a function');
    }
    if (ts.isVariableStatement(statement)) {
      if ((statement.declarationList.flags & ts.NodeFlags.BlockScoped) !== ts.NodeFlags.Const) {
        report(statement, 'no-module-state', 'top-level let, var or using; the state belongs in an object');
      }
      for (const declaration of statement.declarationList.declarations) {
        if (declaration.initializer === undefined) continue;
        const { initializer, name, type } = declaration;
        if (!isReadonly(type)) reportNew(initializer, report);
        if (ts.isIdentifier(name) && isOpenLiteral(initializer)) literals.set(name.text, declaration);
      }
    }
  }
  if (literals.size === 0) return;
  /** @param {ts.Node} node */
  const visit = (node) => {
    const name = changed(node);
    if (name !== undefined && literals.has(name)) {
      report(node, 'no-module-state', `changes the top-level "${name}"; the state belongs in an object`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

/** Takes parentheses and type annotations off an expression. @param {ts.Expression} node @returns {ts.Expression} */
function unwrap(node) {
  const wrapped =
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node);
  return wrapped ? unwrap(node.expression) : node;
}

/** @param {ts.Expression} node @returns {boolean} */
function hasEffect(node) {
  const inner = unwrap(node);
  return (
    ts.isCallExpression(inner) ||
    ts.isNewExpression(inner) ||
    ts.isAwaitExpression(inner) ||
    ts.isDeleteExpression(inner) ||
    ts.isPostfixUnaryExpression(inner) ||
    ts.isPrefixUnaryExpression(inner) ||
    ts.isConditionalExpression(inner) ||
    ts.isVoidExpression(inner) ||
    (ts.isBinaryExpression(inner) && inner.operatorToken.kind >= ts.SyntaxKind.FirstAssignment) ||
    (ts.isBinaryExpression(inner) && (hasEffect(inner.left) || hasEffect(inner.right)))
  );
}

/** @param {ts.TypeNode | undefined} type */
const isReadonly = (type) =>
  type !== undefined &&
  ts.isTypeReferenceNode(type) &&
  ts.isIdentifier(type.typeName) &&
  readonlyTypes.includes(type.typeName.text);

/** @param {ts.Node} node @param {Report} report */
function reportNew(node, report) {
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isTypeNode(node)) return;
  if (ts.isNewExpression(node)) {
    const root = rootName(node.expression);
    if (root === undefined || !unchanging.includes(root)) {
      const what = node.expression.getText();
      report(
        node,
        'no-module-state',
        `new ${what} lives as long as the module; declare it Readonly… or move it`,
      );
    }
  }
  ts.forEachChild(node, (child) => reportNew(child, report));
}

/** @param {ts.Expression} initializer */
function isOpenLiteral(initializer) {
  const inner = unwrap(initializer);
  return ts.isObjectLiteralExpression(inner) || ts.isArrayLiteralExpression(inner);
}

/** The variable whose content this node changes, e.g. `a` in `a.b = 1`, `a[0]++`, `delete a.b`, `a.push(1)`. @param {ts.Node} node */
function changed(node) {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns && !ts.isIdentifier(node.left) ? rootName(node.left) : undefined;
  }
  if (ts.isDeleteExpression(node)) return rootName(node.expression);
  if (ts.isPostfixUnaryExpression(node)) return rootName(node.operand);
  if (ts.isPrefixUnaryExpression(node)) {
    const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator);
    return steps ? rootName(node.operand) : undefined;
  }
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    return changingMethods.includes(name.text) ? rootName(expression) : undefined;
  }
  return undefined;
}

/** The identifier a chain of accesses starts from. @param {ts.Expression} node @returns {string | undefined} */
function rootName(node) {
  const inner = unwrap(node);
  if (ts.isIdentifier(inner)) return inner.text;
  if (ts.isPropertyAccessExpression(inner) || ts.isElementAccessExpression(inner))
    return rootName(inner.expression);
  return undefined;
}

/** @param {ts.Node} node @param {Report} report */
function checkStatic(node, report) {
  if (!ts.isPropertyDeclaration(node)) return;
  const has = (/** @type {ts.SyntaxKind} */ kind) =>
    node.modifiers?.some((one) => one.kind === kind) === true;
  if (!has(ts.SyntaxKind.StaticKeyword)) return;
  if (!has(ts.SyntaxKind.ReadonlyKeyword))
    report(node, 'no-module-state', 'a static field that is not readonly');
  if (node.initializer && !isReadonly(node.type)) reportNew(node.initializer, report);
}

/** @param {ts.Node} node @param {Report} report */
function checkErasable(node, report) {
  if (ts.isEnumDeclaration(node)) report(node, 'erasable', 'no enum; a union of literals says it');
  if (ts.isDecorator(node)) report(node, 'erasable', 'no decorators');
  if (ts.isModuleDeclaration(node) && ts.isIdentifier(node.name) && node.name.text !== 'global') {
    report(node, 'erasable', 'no namespace; a module is one');
  }
}

/** @param {ts.Node} node @param {Report} report */
function checkExport(node, report) {
  const isDefault =
    ts.isExportAssignment(node) ||
    (ts.isExportSpecifier(node) && node.name.text === 'default') ||
    (ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword) === true);
  if (isDefault) report(node, 'no-default-export', 'named exports only');
}

/** @param {ts.Node} node @param {Report} report */
function checkClock(node, report) {
  const say = (/** @type {string} */ what) => report(node, 'no-clock', `${what}; take a Clock`);
  const from = importedFrom(node)?.text.replace(/^node:/, '');
  if (from !== undefined && clockModules.includes(from)) say(`imports "${from}"`);
  if (ts.isIdentifier(node) && timers.includes(node.text) && isFreeName(node)) say(node.text);
  if (ts.isNewExpression(node) && isGlobal(node.expression, 'Date') && node.arguments?.length !== 1) {
    say('new Date() reads the clock');
  }
  if (ts.isCallExpression(node) && isGlobal(node.expression, 'Date')) say('Date() reads the clock');
  for (const [object, members] of Object.entries(clockMembers)) {
    const member = memberOf(node, object);
    const found = member?.find((one) => members.includes(one));
    if (found !== undefined) say(`${object}.${found}`);
  }
}

/** @param {ts.Node} node @param {Report} report */
function checkChance(node, report) {
  const say = (/** @type {string} */ what) => report(node, 'no-chance', `${what}; take a Random`);
  if (memberOf(node, 'Math')?.includes('random')) say('Math.random');
  if (ts.isImportSpecifier(node) && chance.includes((node.propertyName ?? node.name).text)) {
    const from = literal(node.parent.parent.parent.moduleSpecifier)?.text;
    if (from === 'node:crypto' || from === 'crypto')
      say(`${(node.propertyName ?? node.name).text} of node:crypto`);
  }
  if (ts.isPropertyAccessExpression(node) && chance.includes(node.name.text)) {
    const root = rootName(node.expression);
    if (root !== undefined && /crypto/i.test(node.expression.getText())) say(node.getText());
  }
}

/**
 * Whether this identifier stands for a value on its own, or as a member of globalThis; not a name in `x.name`.
 *
 * @param {ts.Identifier} node
 */
function isFreeName(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return isGlobalObject(parent.expression);
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) || ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent))
    return false;
  return !(ts.isClassElement(parent) || ts.isTypeElement(parent));
}

/** @param {ts.Expression} node */
const isGlobalObject = (node) =>
  ts.isIdentifier(node) && (node.text === 'globalThis' || node.text === 'global');

/** @param {ts.Expression} node @param {string} name @returns {boolean} */
function isGlobal(node, name) {
  const inner = unwrap(node);
  if (ts.isIdentifier(inner)) return inner.text === name;
  return ts.isPropertyAccessExpression(inner) && inner.name.text === name && isGlobalObject(inner.expression);
}

/**
 * Which members of a global this node takes: `Math.random`, `Math['random']`, `const { random } = Math`.
 *
 * @param {ts.Node} node
 * @param {string} object
 * @returns {readonly string[] | undefined}
 */
function memberOf(node, object) {
  if (ts.isPropertyAccessExpression(node) && isGlobal(node.expression, object)) return [node.name.text];
  if (ts.isElementAccessExpression(node) && isGlobal(node.expression, object)) {
    return [literal(node.argumentExpression)?.text ?? ''];
  }
  if (!ts.isVariableDeclaration(node) || !node.initializer || !isGlobal(node.initializer, object))
    return undefined;
  if (!ts.isObjectBindingPattern(node.name)) return undefined;
  return node.name.elements.map((element) => (element.propertyName ?? element.name).getText());
}

/** `@scope/name/sub` is of `@scope/name`. @param {string} specifier */
const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** @param {string} root @returns {World} */
function readWorld(root) {
  /** @type {Map<string, PackageFacts>} */
  const world = new Map();
  for (const folder of workspaces(root)) {
    const pkg = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const dependencies = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies });
    world.set(pkg.name, { dependencies, exports: Object.keys(pkg.exports ?? {}) });
  }
  return world;
}

/** @param {string} root @returns {string[]} */
const workspaces = (root) =>
  ['packages', 'plugins']
    .filter((kind) => existsSync(join(root, kind)))
    .flatMap((kind) => readdirSync(join(root, kind)).map((name) => `${kind}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')));

/**
 * The circles in which files import each other, by relative imports: the members of each, in order.
 *
 * @param {ReadonlyMap<string, readonly string[]>} imports by file
 * @returns {string[][]}
 */
export function circlesOf(imports) {
  /** @type {Map<string, number>} */
  const order = new Map();
  /** @type {Map<string, number>} */
  const lowest = new Map();
  /** @type {string[]} */
  const open = [];
  /** @type {string[][]} */
  const circles = [];
  /** @param {string} file */
  const visit = (file) => {
    order.set(file, order.size);
    lowest.set(file, /** @type {number} */ (order.get(file)));
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      else if (!open.includes(next)) continue;
      lowest.set(file, Math.min(Number(lowest.get(file)), Number(lowest.get(next))));
    }
    if (lowest.get(file) !== order.get(file)) return;
    const circle = open.splice(open.indexOf(file));
    if (circle.length > 1 || imports.get(file)?.includes(file)) circles.push(circle.sort());
  };
  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** What a file imports, as it is written. @param {string} file @param {string} text @returns {string[]} */
function specifiersOf(file, text) {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  /** @type {string[]} */
  const specifiers = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    const from = importedFrom(node);
    if (from !== undefined) specifiers.push(from.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return specifiers;
}

/** Dependencies that no source imports, but are there for a reason. */
const kept = /** @type {Readonly<Record<string, string>>} */ ({});

/**
 * Checks the whole repository.
 *
 * @param {string} root
 * @returns {string[]} one line per finding
 */
export function lintRepository(root) {
  const world = readWorld(root);
  /** @type {string[]} */
  const lines = [];
  const used = new Set();
  for (const folder of workspaces(root)) {
    const src = join(root, folder, 'src');
    if (!existsSync(src)) continue;
    /** @type {Map<string, string[]>} */
    const imports = new Map();
    const imported = new Set();
    for (const entry of readdirSync(src, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      const file = relative(root, path);
      for (const { line, rule, message } of lintText(file, readFileSync(path, 'utf8'), world)) {
        const excuse = exceptions.find((one) => one.file === file && one.rule === rule);
        if (excuse) used.add(excuse);
        else lines.push(`${file}:${line} ${rule} ${message}`);
      }
      const specifiers = specifiersOf(file, readFileSync(path, 'utf8'));
      const near = specifiers.filter((specifier) => specifier.startsWith('.'));
      imports.set(
        file,
        near.map((specifier) => normalize(join(dirname(file), specifier))),
      );
      for (const specifier of specifiers) imported.add(packageOf(specifier));
    }
    for (const circle of circlesOf(imports)) {
      lines.push(`${circle[0]}:1 import-circle imports in a circle with ${circle.slice(1).join(', ')}`);
    }
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    for (const name of Object.keys(dependencies)) {
      if (imported.has(name) || kept[`${folder} ${name}`] !== undefined) continue;
      lines.push(`${folder}/package.json:1 dependency-unused "${name}" is not imported in src`);
    }
  }
  for (const { file, rule } of exceptions.filter((one) => !used.has(one))) {
    lines.push(
      `${file}:1 exceptions the exception for ${rule} in scripts/lint-house.mjs is no longer needed`,
    );
  }
  return lines.sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const findings = lintRepository(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const line of findings) console.log(line);
  console.log(findings.length === 0 ? 'house rules: ok' : `house rules: ${findings.length} findings`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
