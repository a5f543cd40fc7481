/** What build/portable.cjs makes anew for each policy: the exports of assembly/, and the memory behind their addresses. */
export * from '../assembly/index.ts';
export { memoryBytes } from './heap.ts';
