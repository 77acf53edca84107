import { testSchedules } from './accounting.ts';

testSchedules(11, 20);
