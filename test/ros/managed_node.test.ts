import assert from 'node:assert/strict';
import { ManagedNode, type LifecycleHooks } from '../../src/ros/managed_node.js';
import type { RclNative, RosNode, ServiceResponse } from '../../src/ros/rclnodejs_api.js';

/** The transitions of lifecycle_msgs between states, as rcl has them. */
const BEGIN: Record<string, Record<number, string>> = {
  unconfigured: { 1: 'configuring', 5: 'shuttingdown' },
  inactive: { 2: 'cleaningup', 3: 'activating', 6: 'shuttingdown' },
  active: { 4: 'deactivating', 7: 'shuttingdown' },
};
const END: Record<string, Record<string, string>> = {
  configuring: { success: 'inactive', failure: 'unconfigured', error: 'errorprocessing' },
  cleaningup: { success: 'unconfigured', failure: 'inactive', error: 'errorprocessing' },
  activating: { success: 'active', failure: 'inactive', error: 'errorprocessing' },
  deactivating: { success: 'inactive', failure: 'active', error: 'errorprocessing' },
  shuttingdown: { success: 'finalized', failure: 'finalized', error: 'errorprocessing' },
  errorprocessing: { success: 'unconfigured', failure: 'finalized', error: 'finalized' },
};

/** A managed node on a state machine that behaves as rcl's. */
class Rig {
  readonly called: string[] = [];
  readonly managed: ManagedNode;
  state = 'unconfigured';
  readonly #node: { _onChangeState?: RosNode['_onChangeState'] };

  constructor(hooks: Partial<LifecycleHooks> = {}) {
    const logger = { debug: noop, info: noop, warn: noop, error: noop };
    const node: { _onChangeState?: RosNode['_onChangeState'] } & object = {};
    Object.assign(node, { getLogger: () => logger, _stateMachineHandle: {} });
    Object.defineProperty(node, 'currentState', { get: () => ({ id: 0, label: this.state }) });
    const move = (next: string | undefined): { id: number } => {
      if (next === undefined) throw new Error('Transition is not registered.');
      this.state = next;
      return { id: 0 };
    };
    const native: RclNative = {
      triggerLifecycleTransitionById: (_, id) => move(BEGIN[this.state]?.[id]),
      triggerLifecycleTransitionByLabel: (_, label) => move(END[this.state]?.[label]),
      getLifecycleTransitionByLabel: (_, label) => (label === 'configure' ? { id: 1 } : {}),
      getLifecycleTransitionIdToLabel: (result) =>
        ({ 97: 'success', 98: 'failure', 99: 'error' })[result]!,
      getParameterOverrides: () => undefined,
    };
    const note =
      (name: keyof LifecycleHooks) =>
      async (error?: unknown): Promise<void> => {
        this.called.push(name);
        await hooks[name]?.(error as never);
      };
    this.managed = new ManagedNode(node as unknown as RosNode, native, {
      configure: note('configure'),
      activate: () => {
        this.called.push('activate');
        hooks.activate?.();
      },
      deactivate: () => {
        this.called.push('deactivate');
        hooks.deactivate?.();
      },
      cleanup: note('cleanup'),
      shutdown: note('shutdown'),
      error: note('error'),
    });
    this.#node = node;
  }

  /** Asks by the service. @returns its answer */
  async ask(id: number, label = ''): Promise<boolean> {
    return new Promise((resolve) => {
      const response: ServiceResponse = {
        template: {},
        send: (answer) => resolve((answer as { success: boolean }).success),
      };
      void this.#node._onChangeState!({ transition: { id, label } }, response);
    });
  }
}

function noop(): void {
  // Nobody reads the log.
}

describe('The lifecycle', () => {
  it('goes through all transitions, by id or by label', async () => {
    const rig = new Rig();
    assert.ok(await rig.ask(0, 'configure'));
    assert.equal(rig.managed.state, 'inactive');
    assert.ok(await rig.ask(3));
    assert.ok(await rig.ask(4));
    assert.ok(await rig.ask(2));
    assert.ok(await rig.ask(5));
    assert.equal(rig.managed.state, 'finalized');
    assert.deepEqual(rig.called, ['configure', 'activate', 'deactivate', 'cleanup', 'shutdown']);
  });

  it('refuses what the state does not have, and what nobody knows', async () => {
    const rig = new Rig();
    for (const id of [2, 3, 4, 6, 7, 10, 97, 255]) assert.equal(await rig.ask(id), false, `${id}`);
    assert.equal(await rig.ask(1, 'no such label'), false);
    assert.equal(rig.managed.state, 'unconfigured');
    assert.deepEqual(rig.called, []);
  });

  it('stays in its transition state, and refuses others, while a hook works', async () => {
    let finish = noop;
    const rig = new Rig({ configure: () => new Promise((resolve) => (finish = resolve)) });
    const configured = rig.ask(1);
    assert.equal(rig.managed.state, 'configuring');
    assert.equal(await rig.ask(1), false);
    assert.equal(await rig.ask(5), false);
    finish();
    assert.ok(await configured);
    assert.equal(rig.managed.state, 'inactive');
  });

  it('goes through error processing back to unconfigured when a hook throws', async () => {
    const failure = new Error('no such policy');
    const seen: unknown[] = [];
    const rig = new Rig({
      configure: () => Promise.reject(failure),
      error: async (error) => {
        seen.push(error);
        await Promise.resolve();
      },
    });
    assert.deepEqual(await rig.managed.change('configure'), {
      success: false,
      reason: 'no such policy',
    });
    assert.deepEqual(seen, [failure]);
    assert.equal(rig.managed.state, 'unconfigured');
    assert.equal(await rig.ask(1), false, 'and fails again');
  });

  it('is finalized when error processing fails, too', async () => {
    const fail = (): Promise<void> => Promise.reject(new Error('broken'));
    const rig = new Rig({ configure: fail, error: fail });
    assert.equal(await rig.ask(1), false);
    assert.equal(rig.managed.state, 'finalized');
  });
});
