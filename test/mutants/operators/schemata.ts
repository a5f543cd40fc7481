import ts from 'typescript';
import { expressionChanges, statementChanges, type Write } from './changes.ts';
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

const plainText: Write = (node) => node.getText();

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
    const codes = changesOf(node, checkedText);
    const changed = changesOf(node, plainText).map(({ operator, text: other }, i) => ({
      guard: guard(add(node, operator, other)),
      text: codes[i]?.text ?? other,
    }));
    const inner = withTicks(
      node,
      readsList(node, checker) ? checkedRead(node, render) : partsOf(node, render),
    );
    if (changed.length === 0) return inner;
    if (ts.isStatement(node)) {
      const others = changed.map((change) => `if (${change.guard}) { ${change.text} } else `);
      return `{ ${others.join('')}{ ${inner} } }`;
    }
    return `(${changed.map((change) => `${change.guard} ? (${change.text}) : `).join('')}(${inner}))`;
  }

  function changesOf(node: ts.Node, write: Write) {
    if (ts.isStatement(node)) return statementChanges(node, write);
    return ts.isExpression(node) ? expressionChanges(node, checker, write) : [];
  }

  /** A part that stays as it is in a fault, without others in it. */
  function checkedText(node: ts.Node): string {
    return readsList(node, checker) ? checkedRead(node, checkedText) : partsOf(node, checkedText);
  }

  function partsOf(node: ts.Node, write: Write): string {
    let result = '';
    let at = node.getStart(source);
    ts.forEachChild(node, (child) => {
      if (ts.isTypeNode(child) || ts.isImportDeclaration(child)) return;
      result += text.slice(at, child.getStart(source)) + write(child);
      at = child.getEnd();
    });
    return result + text.slice(at, node.getEnd());
  }

  /** Past the end of a list wasm traps, where JavaScript goes on with undefined. */
  function checkedRead(node: ts.ElementAccessExpression, write: Write): string {
    return `$read(${write(node.expression)}, ${write(node.argumentExpression)})`;
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
