import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCli } from '../../cli/run_cli.js';
import { cameraPolicy, type RunnablePolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';
import type { Scene } from '../../support/ros_scene.js';
import { temporaryDirectory } from '../../support/temporary_directory.js';

interface Saved {
  readonly success: boolean;
  readonly message: string;
  readonly messages: number;
  readonly seconds: number;
}

async function save(scene: Scene, path: string, seconds = 0): Promise<Saved> {
  const request = { path, seconds };
  return scene.peer.call(scene.node.own('save_inputs'), 'bac_policy/srv/SaveInputs', request);
}

scenario('inputs are saved', cameraPolicy, { parameters: { record_seconds: 3 } }, (scene) => {
  const directory = temporaryDirectory();
  let runnable: RunnablePolicy;
  before(async () => {
    runnable = await cameraPolicy();
    await scene().flows(10);
  });

  it('as a bag that replay reads, while chunks go on', async () => {
    const path = join(directory, 'inputs');
    const start = await scene().peer.count(scene().chunk);
    const saved = await save(scene(), path);
    assert.ok(saved.success, saved.message);
    assert.ok(saved.seconds > 2.5 && saved.seconds < 3.5, `${saved.seconds} s`);
    assert.ok(Math.abs(saved.messages - saved.seconds * 80) < 40, `${saved.messages}`);
    assert.ok(existsSync(join(path, 'metadata.yaml')));
    await scene().flows(2);
    assert.ok((await scene().peer.count(scene().chunk)) >= start + 2);

    const out = join(directory, 'replayed');
    const { status, stderr } = runCli(
      ...['replay', runnable.directory, '--plan', runnable.plan.path, '--bag', path, '-o', out],
    );
    assert.equal(status, 0, stderr);
    const { chunks, episodes } = JSON.parse(
      readFileSync(join(out, 'statistics.json'), 'utf8'),
    ) as Record<string, number>;
    assert.ok(chunks! >= 5 && chunks! <= 9, `${chunks} chunks`);
    assert.equal(episodes, 1);
    const again = runCli(
      ...['calibrate', runnable.directory, '--bag', path],
      ...['--trajectories', '8', '-o', join(directory, 'c')],
    );
    assert.equal(again.status, 0, again.stderr);
  });

  it('only the last seconds that were asked for', async () => {
    const saved = await save(scene(), join(directory, 'last.mcap'), 1);
    assert.ok(saved.success, saved.message);
    assert.ok(saved.seconds > 0.8 && saved.seconds < 1.2, `${saved.seconds} s`);
  });

  it('nowhere where something else is', async () => {
    for (const [path, why] of [
      [runnable.directory, /exists|holds|else/],
      ['', /path/],
      ['/proc/nowhere/bag', /nowhere/],
    ] as const) {
      const { success, message } = await save(scene(), path);
      assert.ok(!success, path);
      assert.match(message, why);
    }
    await scene().flows(2);
  });
});
