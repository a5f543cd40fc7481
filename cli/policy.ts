import { Command } from 'commander';
import { inspectCommand } from './policy/inspect.ts';
import { signCommand } from './policy/sign.ts';
import { swapCommand } from './policy/swap.ts';
import { verifyCommand } from './policy/verify.ts';

const EXAMPLES = `Examples:
  moorage policy inspect new.wasm
  moorage policy sign new.wasm --key KEY.pem
  moorage policy verify new.wasm --key PUBLIC.pem
  moorage policy swap new.wasm                                     the report
  moorage policy swap new.wasm --apply                             and the swap
`;

/** `moorage policy`: the file of the policy, and how another one takes over. */
export function policyCommand(): Command {
  return new Command('policy')
    .summary('the policy file: inspect, sign, verify; swap the one that decides')
    .description('Looks at policy files, vouches for them, and has a running isolator take another one.')
    .addHelpText('before', EXAMPLES)
    .addCommand(inspectCommand())
    .addCommand(signCommand())
    .addCommand(verifyCommand())
    .addCommand(swapCommand());
}
