import ts from 'typescript';

/**
 * A place in a source that a test should reach.
 *
 * @typedef {object} Point
 * @property {string} file
 * @property {number} line  from 1
 * @property {'statement' | 'branch'} kind
 * @property {string} what  the text there, shortened
 */

/**
 * Writes a counter before every statement and into every branch of a TypeScript source: both ways of `if` and `?:`, the right sides
 * of `&&` and `||`, and the bodies of loops. Lines stay where they are.
 *
 * @param {string} file
 * @param {string} text
 * @param {Point[]} points  the new points are appended; a point's index is its counter
 */
export function instrument(file, text, points) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  /** @type {{ at: number, text: string }[]} */
  const inserts = [];
  visit(source);
  return assemble(text, inserts);

  /** @param {ts.Node} node @param {Point['kind']} kind @param {string} [way] */
  function point(node, kind, way = '') {
    const start = node.getStart(source);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    const excerpt = text.slice(start, node.getEnd()).replace(/\s+/g, ' ');
    points.push({
      file,
      line,
      kind,
      what: way + (excerpt.length > 70 ? `${excerpt.slice(0, 70)}…` : excerpt),
    });
    return `hit(${points.length - 1})`;
  }

  /** What opens is inserted before the children, what closes after them: at one place the outer opens first and closes last. @param {ts.Node} node */
  function visit(node) {
    const arms = branchesOf(node);
    for (const arm of arms) open(arm);
    if (ts.isBlock(node) || ts.isSourceFile(node)) for (const statement of node.statements) before(statement);
    if (!ts.isTypeNode(node))
      ts.forEachChild(node, (child) => {
        visit(child);
        if (arms.includes(child)) insert(child.getEnd(), ts.isStatement(child) ? ' }' : ')');
      });
    if (ts.isIfStatement(node) && !node.elseStatement)
      insert(node.getEnd(), ` else { ${point(node.expression, 'branch', 'never false: ')}; }`);
  }

  /** The statement of an `if` or a loop becomes a block, an expression a sequence. @param {ts.Node} arm */
  function open(arm) {
    const counter = point(arm, 'branch');
    insert(arm.getStart(source), ts.isStatement(arm) ? `{ ${counter}; ` : `(${counter}, `);
    if (ts.isStatement(arm) && !ts.isBlock(arm)) before(arm);
  }

  /** @param {ts.Statement} statement */
  function before(statement) {
    if (ts.isImportDeclaration(statement) || ts.isFunctionDeclaration(statement)) return;
    if (ts.isClassDeclaration(statement)) return;
    insert(statement.getStart(source), `${point(statement, 'statement')}; `);
  }

  /** @param {number} at @param {string} what */
  function insert(at, what) {
    inserts.push({ at, text: what });
  }
}

/** The parts of a node that run only sometimes. @param {ts.Node} node @returns {ts.Node[]} */
function branchesOf(node) {
  if (ts.isIfStatement(node))
    return [node.thenStatement, ...(node.elseStatement ? [node.elseStatement] : [])];
  if (ts.isForStatement(node) || ts.isWhileStatement(node)) return [node.statement];
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
  return ts.isBinaryExpression(node) && isShortCircuit(node) ? [node.right] : [];
}

/** @param {ts.BinaryExpression} node */
function isShortCircuit(node) {
  const kind = node.operatorToken.kind;
  return kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;
}

/** @param {string} text @param {{ at: number, text: string }[]} inserts */
function assemble(text, inserts) {
  let result = '';
  let from = 0;
  for (const { at, text: what } of inserts.sort((a, b) => a.at - b.at)) {
    result += text.slice(from, at) + what;
    from = at;
  }
  return result + text.slice(from);
}
