import { cubePose, jointStates } from '../../support/ros_inputs.js';
import { liftPolicy } from '../../support/ros_policies.js';
import { scenario } from '../../support/ros_scenario.js';

const ELSEWHERE = {
  name: 'arm_policy',
  namespace: '/left',
  arguments: [
    ...['-r', 'joint_states:=/robot/joints', '-r', '~/joint_trajectory:=/controller/motion'],
    ...['-p', 'sources.cube.topic:=cameras/cube'],
  ],
  running: false,
};

scenario('put elsewhere by names, remappings and parameters', liftPolicy, ELSEWHERE, (scene) => {
  it('listens and speaks there', async () => {
    const { peer } = scene();
    await peer.collect('/controller/motion', 'trajectory_msgs/msg/JointTrajectory', false, false);
    await scene().goActive();
    await peer.stream({ ...jointStates(), topic: '/robot/joints' }, { hz: 50 });
    await peer.stream({ ...cubePose(), topic: '/left/cameras/cube' }, { hz: 50 });
    await peer.next('/controller/motion', 2);
    await scene().flows(2);
    await scene().says(/\/robot\/joints/, 0);
    await scene().says(/\/left\/cameras\/cube/, 0);
  });
});
