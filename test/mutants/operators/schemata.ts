import ts from 'typescript';
import { expressionChanges, statementChanges } from './changes.ts';
import { type Place, placeOf } from './place.ts';

/** A fault that a source can be switched to; `id` counts from 1. */
export interface Mutant extends Place {
  id: number;
  /** Relative to the checkout. */
  file: string;
  line: number;
  operator: string;
  /** Of those with the same texts in the same function, from 1. */
  nth: number;
}

/** Code that is true when this mutant is the chosen one. */
export type Guard = (id: number) => string;

/** Run at each turn of a loop and at each call: ends what would not end. */
const TICK = 'if (++$t > $most) $stuck();';

/**
 * Writes all faults of a source into it at once, each behind a question whether it is the chosen one, so that a single bundle can be all
 * of them. The new mutants are appended to `mutants`.
 */
export function guardSource(
  source: ts.SourceFile,
  file: string,
  checker: ts.TypeChecker,
  guard: Guard,
  mutants: Mutant[],
): string {
  const text = source.text;
  const counts = new Map<string, number>();
  const rendered = render(source);
  return text.slice(0, source.getStart()) + rendered;

  function render(node: ts.Node): string {
    const changed = changesOf(node).map(({ operator, text: other }) => ({
      guard: guard(add(node, operator, other)),
      text: other,
    }));
    const inner = withTicks(node, readsList(node, checker) ? renderRead(node) : renderParts(node));
    if (changed.length === 0) return inner;
    if (ts.isStatement(node)) {
      const others = changed.map((change) => `if (${change.guard}) { ${change.text} } else `);
      return `{ ${others.join('')}{ ${inner} } }`;
    }
    return `(${changed.map((change) => `${change.guard} ? (${change.text}) : `).join('')}(${inner}))`;
  }

  function changesOf(node: ts.Node) {
    if (ts.isStatement(node)) return statementChanges(node);
    return ts.isExpression(node) ? expressionChanges(node, checker) : [];
  }

  function renderParts(node: ts.Node): string {
    let result = '';
    let at = node.getStart(source);
    ts.forEachChild(node, (child) => {
      if (ts.isTypeNode(child) || ts.isImportDeclaration(child)) return;
      result += text.slice(at, child.getStart(source)) + render(child);
      at = child.getEnd();
    });
    return result + text.slice(at, node.getEnd());
  }

  /** Past the end of a list wasm traps, where JavaScript goes on with undefined. */
  function renderRead({ expression, argumentExpression }: ts.ElementAccessExpression): string {
    return `$read(${render(expression)}, ${render(argumentExpression)})`;
  }

  function add(node: ts.Node, operator: string, other: string): number {
    const place = placeOf(node, other);
    const key = [place.within, place.from, place.to].join('\n');
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    const id = mutants.length + 1;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    mutants.push({ id, file, line, operator, nth, ...place });
    return id;
  }
}

function readsList(node: ts.Node, checker: ts.TypeChecker): node is ts.ElementAccessExpression {
  if (!ts.isElementAccessExpression(node)) return false;
  const { parent } = node;
  const isWritten = ts.isBinaryExpression(parent) && parent.left === node && isAssignment(parent);
  return !isWritten && checker.isArrayType(checker.getTypeAtLocation(node.expression));
}

function isAssignment({ operatorToken }: ts.BinaryExpression): boolean {
  const { FirstAssignment, LastAssignment } = ts.SyntaxKind;
  return operatorToken.kind >= FirstAssignment && operatorToken.kind <= LastAssignment;
}

function withTicks(node: ts.Node, inner: string): string {
  const { parent } = node;
  if (!parent) return inner;
  if (ts.isIterationStatement(parent, false) && parent.statement === node) return `{ ${TICK} ${inner} }`;
  if (ts.isBlock(node) && ts.isFunctionLike(parent)) return `{ ${TICK} ${inner.slice(1)}`;
  return inner;
}
