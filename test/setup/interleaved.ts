import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes: were they begun late, the other cores would wait for them at the end. */
const LONGEST = [
  'test/workerd/accounting.test.ts',
  'test/e2e/demo.test.ts',
  'test/package/package.test.ts',
  'test/workerd/accounting-second-half.test.ts',
];

/**
 * Runs the files of all projects beside each other, the longer ones first: what waits for servers and browsers leaves its core to
 * what computes. Vitest itself runs one project after the other.
 */
export default class Interleaved extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const sorted = await super.sort(files);
    const places = new Map<TestSpecification, number>();
    for (const ofProject of Map.groupBy(sorted, ({ project }) => project.name).values())
      ofProject.forEach((file, i) => {
        const among = LONGEST.indexOf(relative(root, file.moduleId));
        places.set(file, among < 0 ? (i + 1) / ofProject.length : among - LONGEST.length);
      });
    return sorted.toSorted((a, b) => places.get(a)! - places.get(b)!);
  }
}
