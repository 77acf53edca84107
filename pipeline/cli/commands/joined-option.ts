import { Option } from 'commander';
import { JOINED } from '../../privacy/joined-ids.ts';

/** `--joined`, of the commands about one person. */
export const joinedOption = (): Option =>
  new Option('--joined <signals>', 'what counts as this person: joined by deterministic signals only, or by all')
    .choices([...JOINED])
    .default(JOINED[0]);
