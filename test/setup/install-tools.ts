import { join } from 'node:path';
import { installPackages } from './install-packages.ts';

installPackages(join(import.meta.dirname, '..'), 'the packages that only the tests need (Chromium)');
