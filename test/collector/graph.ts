// @ts-nocheck: AssemblyScript's arrays have no holes; tsc would ask for undefined everywhere.
/**
 * A graph of objects that is changed from outside. test/policy-collector.test.ts compiles it with the policy's collector, and holds
 * it against the same source as plain TypeScript.
 */
class Node {
  text: string = '';
  left: Node | null = null;
  right: Node | null = null;
  list: Node[] = [];
  /** The last walk that came by. */
  seen: i32 = 0;
}

const ROOTS: i32 = 8;
const roots: Array<Node | null> = [];
for (let i = 0; i < ROOTS; i++) roots.push(null);
/** Changed without a store into an object: the collector is not told of it. */
let held: Node | null = null;
let walk: i32 = 0;

/** The node at the end of a path: two bits a step from a root, lowest first: left, right, first or last of the list. */
function at(root: i32, path: i32, steps: i32): Node | null {
  let node = roots[root];
  for (let i = 0; i < steps && node; i++) {
    const turn = (path >> (i * 2)) & 3;
    if (turn == 0) node = node.left;
    else if (turn == 1) node = node.right;
    else if (node.list.length == 0) return null;
    else node = turn == 2 ? node.list[0] : node.list[node.list.length - 1];
  }
  return node;
}

export function plant(root: i32, id: i32): void {
  const node = new Node();
  node.text = 'node ' + id.toString();
  node.left = roots[root];
  roots[root] = node;
}

export function cut(root: i32): void {
  roots[root] = null;
}

export function hang(root: i32, path: i32, steps: i32, onto: i32, id: i32): void {
  const node = at(root, path, steps);
  if (!node) return;
  const fresh = new Node();
  fresh.text = 'node ' + id.toString();
  if (onto == 0) node.left = fresh;
  else if (onto == 1) node.right = fresh;
  else node.list.push(fresh);
}

/** Takes what hangs left of one node to the right of another: the only reference to it moves. */
export function move(root: i32, path: i32, steps: i32, toRoot: i32, toPath: i32, toSteps: i32): void {
  const node = at(root, path, steps);
  const other = at(toRoot, toPath, toSteps);
  if (!node || !other) return;
  const moved = node.left;
  node.left = null;
  other.right = moved;
}

/** Takes the node's left side into the global; what was there goes to the node's list. */
export function hold(root: i32, path: i32, steps: i32): void {
  const node = at(root, path, steps);
  if (!node) return;
  const before = held;
  held = node.left;
  node.left = null;
  if (before) node.list.push(before);
}

export function empty(root: i32, path: i32, steps: i32): void {
  const node = at(root, path, steps);
  if (node) node.list = [];
}

export function rename(root: i32, path: i32, steps: i32, id: i32): void {
  const node = at(root, path, steps);
  if (node) node.text = node.text + '.' + id.toString();
}

/** A number that depends on every node that can be reached, and on its text. */
export function sum(): i32 {
  walk += 1;
  let total = 0;
  for (let i = 0; i < ROOTS; i++) total = (total * 31 + sumOf(roots[i])) | 0;
  return (total * 31 + sumOf(held)) | 0;
}

function sumOf(node: Node | null): i32 {
  if (!node || node.seen == walk) return 7;
  node.seen = walk;
  let total = 0;
  for (let i = 0; i < node.text.length; i++) total = (total * 31 + node.text.charCodeAt(i)) | 0;
  total = (total * 31 + sumOf(node.left)) | 0;
  total = (total * 31 + sumOf(node.right)) | 0;
  for (let i = 0; i < node.list.length; i++) total = (total * 31 + sumOf(node.list[i])) | 0;
  return total;
}

export function rest(): void {
  __collect();
}
