import ts from 'typescript';

/** One small fault at one place: the text that takes the place of a node's own. */
export interface Change {
  operator: string;
  /** An expression, or statements; empty: the statement is left out. */
  text: string;
}

const { SyntaxKind } = ts;

/** What each operator becomes, where both sides are numbers or the meaning does not depend on it. */
const COMPARED = new Map<ts.SyntaxKind, string>([
  [SyntaxKind.LessThanToken, '<='],
  [SyntaxKind.LessThanEqualsToken, '<'],
  [SyntaxKind.GreaterThanToken, '>='],
  [SyntaxKind.GreaterThanEqualsToken, '>'],
]);
const EQUAL = new Map<ts.SyntaxKind, string>([
  [SyntaxKind.EqualsEqualsToken, '!='],
  [SyntaxKind.ExclamationEqualsToken, '=='],
  [SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [SyntaxKind.ExclamationEqualsEqualsToken, '==='],
]);
const NUMERIC = new Map<ts.SyntaxKind, string>([
  [SyntaxKind.PlusToken, '-'],
  [SyntaxKind.MinusToken, '+'],
  [SyntaxKind.AsteriskToken, '/'],
  [SyntaxKind.SlashToken, '*'],
  [SyntaxKind.PlusEqualsToken, '-='],
  [SyntaxKind.MinusEqualsToken, '+='],
  [SyntaxKind.AsteriskEqualsToken, '/='],
]);

/** How a part that stays is written. */
export type Write = (node: ts.Node) => string;

/** The faults of an expression itself, those of its parts left out. */
export function expressionChanges(node: ts.Expression, checker: ts.TypeChecker, write: Write): Change[] {
  const changes = isCondition(node) ? negated(node, write) : [];
  if (ts.isBinaryExpression(node)) changes.push(...binaryChanges(node, checker, write));
  if (ts.isNumericLiteral(node)) changes.push(...numberChanges(node));
  if (node.kind === SyntaxKind.TrueKeyword) changes.push({ operator: 'flag', text: 'false' });
  if (node.kind === SyntaxKind.FalseKeyword) changes.push({ operator: 'flag', text: 'true' });
  return changes;
}

/** The faults of a whole statement. */
export function statementChanges(node: ts.Statement, write: Write): Change[] {
  const left: Change = { operator: 'statement left out', text: '' };
  if (ts.isExpressionStatement(node) || ts.isBreakOrContinueStatement(node)) return [left];
  if (!ts.isReturnStatement(node) || !returnsNothing(node)) return [];
  if (!node.expression) return [left];
  return [
    { operator: 'return left out', text: `${write(node.expression)};` },
    { operator: 'call left out', text: 'return;' },
  ];
}

function isCondition(node: ts.Expression): boolean {
  const parent = node.parent;
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) return parent.expression === node;
  if (ts.isForStatement(parent) || ts.isConditionalExpression(parent)) return parent.condition === node;
  return false;
}

/** Not where turning an operator round comes to the same. */
function negated(node: ts.Expression, write: Write): Change[] {
  if (ts.isBinaryExpression(node) && EQUAL.has(node.operatorToken.kind)) return [];
  if (node.kind === SyntaxKind.TrueKeyword || node.kind === SyntaxKind.FalseKeyword) return [];
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken)
    return [{ operator: 'condition negated', text: write(node.operand) }];
  return [{ operator: 'condition negated', text: `!(${write(node)})` }];
}

function binaryChanges(node: ts.BinaryExpression, checker: ts.TypeChecker, write: Write): Change[] {
  const { left, operatorToken, right } = node;
  const kind = operatorToken.kind;
  if (kind === SyntaxKind.AmpersandAmpersandToken || kind === SyntaxKind.BarBarToken)
    return [
      { operator: 'right side dropped', text: write(left) },
      { operator: 'left side dropped', text: write(right) },
    ];
  const written = (other: string) => `${write(left)} ${other} ${write(right)}`;
  const compared = COMPARED.get(kind);
  if (compared) return [{ operator: 'boundary', text: written(compared) }];
  const equal = EQUAL.get(kind);
  if (equal) return [{ operator: 'equality', text: written(equal) }];
  const numeric = NUMERIC.get(kind);
  if (!numeric || !isNumber(checker, left) || !isNumber(checker, right)) return [];
  return [{ operator: 'arithmetic', text: written(numeric) }];
}

function numberChanges(node: ts.NumericLiteral): Change[] {
  const value = Number(node.text);
  if (!Number.isSafeInteger(value + 1)) return [];
  const more = { operator: 'constant', text: String(value + 1) };
  return value > 0 ? [more, { operator: 'constant', text: String(value - 1) }] : [more];
}

function isNumber(checker: ts.TypeChecker, node: ts.Expression): boolean {
  return (checker.getTypeAtLocation(node).flags & ts.TypeFlags.NumberLike) !== 0;
}

/** In a function that answers nothing. */
function returnsNothing(node: ts.Node): boolean {
  let at = node.parent;
  while (!ts.isFunctionLike(at)) at = at.parent;
  return at.type?.kind === SyntaxKind.VoidKeyword;
}
