import { describe } from 'vitest';
import { deriveRules } from './testing/derive-rules.ts';

describe('conversions are made of their records', () => deriveRules(async () => undefined));
