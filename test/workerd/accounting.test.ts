import { testSchedules } from './accounting.ts';

// The other half is a file of its own, so that both run at once.
testSchedules(1, 10);
