import { requireRos } from '../ros/ros_environment.js';
import type { PolicyNodeOptions } from './policy_node.js';
import type { RunnablePolicy } from './ros_policies.js';
import { Scene } from './ros_scene.js';

export interface ScenarioOptions extends PolicyNodeOptions {
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Whether the robot's messages flow and the node acts on them before the tests begin; default true. */
  readonly running?: boolean;
}

/**
 * A suite around one scene, which begins before its tests and ends after them.
 * @param tests gets what gives the scene once it is there
 */
export function scenario(
  title: string,
  policy: () => Promise<RunnablePolicy>,
  { parameters = {}, running = true, ...options }: ScenarioOptions,
  tests: (scene: () => Scene) => void,
): void {
  describe(title, () => {
    let scene: Scene | undefined;
    before(async function () {
      requireRos(this);
      scene = await Scene.begin(await policy(), parameters, options);
      if (!running) return;
      await scene.goActive();
      await scene.feed();
      await scene.flows(1);
    });
    afterEach(async function () {
      if (this.currentTest?.state !== 'failed') return;
      process.stdout.write(`${await scene!.describe()}\n`);
    });
    after(async () => scene?.end());
    tests(() => scene!);
  });
}
