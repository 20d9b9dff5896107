import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { PositionStream } from '../../src/ros/position_stream.js';

const MS = 1_000_000n;

describe('PositionStream', () => {
  it('tells where the joints shall be while they move, and a little longer', async () => {
    let nowNs = 0n;
    const said: number[] = [];
    const motion = { endNs: 100n * MS, positionsAt: (ns: bigint) => [Number(ns / MS)] };
    const stream = new PositionStream(
      motion,
      () => nowNs,
      ([position]) => said.push(position!),
    );
    await sleep(20);
    assert.deepEqual(said, [], 'no rate');
    stream.setRate(500);
    await sleep(50);
    assert.ok(said.length > 3 && said.every((position) => position === 0));
    nowNs = 250n * MS;
    await sleep(50);
    assert.equal(said.at(-1), 250);
    nowNs = 301n * MS;
    await sleep(20);
    const count = said.length;
    await sleep(30);
    assert.equal(said.length, count, 'a robot that stands is told no more');
    stream.close();
  });

  it('goes on to brake the robot when it is closed', async () => {
    const said: number[] = [];
    let endNs: bigint | undefined = 100n * MS;
    const motion = {
      get endNs() {
        return endNs;
      },
      positionsAt: () => [1],
    };
    const stream = new PositionStream(
      motion,
      () => 0n,
      ([position]) => said.push(position!),
    );
    stream.setRate(500);
    stream.close();
    await sleep(40);
    assert.ok(said.length > 3);
    endNs = undefined;
    await sleep(20);
    const count = said.length;
    await sleep(30);
    assert.equal(said.length, count);
  });
});
