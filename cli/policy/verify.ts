import { Command } from 'commander';
import { verifyPolicyFile } from '../../host/policy/trust/verify.ts';
import { UsageError } from '../usage_error.ts';
import { KEYS_HELP, several, type TrustOptions, trustOf } from './names.ts';
import { judged, requireFile } from './refused.ts';

const EXAMPLES = `Examples:
  moorage policy verify new.wasm --key /etc/moorage/ops.pem
  moorage policy verify new.wasm --config /etc/moorage/config.json
  moorage policy verify new.wasm --digest "$(sha256sum < good.wasm | cut -d' ' -f1)"
`;

const NOTES = `
Judges as an isolator does at a swap: nobody else can write the file, its signature or a directory above it, it is one whole module
without imports, of an ABI that this version calls and with a limit of its memory, and a key or a digest that is named vouches for it.

${KEYS_HELP}
Exit codes: 0 it may decide, 1 it is refused, 2 usage or no such file.
`;

/** `moorage policy verify`: whether a policy would be taken. */
export function verifyCommand(): Command {
  return new Command('verify')
    .summary('whether an isolator that trusts these keys and digests would take a policy')
    .description('Says whether a policy would be taken at a swap, and who vouches for it.')
    .argument('<file>', 'the policy')
    .option('--key <file>', 'a public key that is trusted; may be given again', several)
    .option('--digest <hex>', 'a SHA-256 that is trusted; may be given again', several)
    .option('--config <file>', 'the configuration of the agent, for its section "policy"')
    .option('--json', 'one JSON object on stdout')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', NOTES)
    .action((file: string, options: TrustOptions & { json?: boolean }) => {
      const trust = trustOf(options);
      if (!trust) throw new UsageError('name whom to trust: --key PUBLIC.pem, --digest HEX or --config FILE');
      requireFile(file);
      const { digest, by, policy } = judged(() => verifyPolicyFile(file, trust));
      const { name, version } = policy;
      if (options.json) process.stdout.write(`${JSON.stringify({ file, name, version, digest, by })}\n`);
      else process.stdout.write(`${file}: ${name} ${version} may decide, by ${by} (digest ${digest})\n`);
    });
}
