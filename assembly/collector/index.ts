/**
 * The policy's own memory management, in place of AssemblyScript's (`runtime` in asconfig.json).
 *
 * It works between two steps only, when no function of the policy is under way: then the globals are the only roots. Objects are young
 * during the step that makes them. After it those that nobody refers to are freed, and the others become old (young.ts): the work is
 * that of one step, however many containers there are. What was old and is no longer in use is found by marking and sweeping, a small
 * piece after each step (old.ts). Nothing ever moves, and no result depends on an address.
 */
import 'rt/tlsf';
import './globals';
