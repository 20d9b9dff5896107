import { messageOf } from '../errors.js';
import { CameraFrame } from '../control/camera_frame.js';
import { isCamera } from '../control/observation_layout.js';
import { MessageParser } from '../control/message_parser.js';
import type { PolicyLoop } from '../control/policy_loop.js';
import type { InputRecorder } from '../bag/input_recorder.js';
import type { ObservationSource } from '../policy/manifest.js';
import type { NodeParameters } from '../parameters/node_parameters.js';
import { guarded } from './guarded.js';
import { QOS, type Rclnodejs, type RosNode, type RosSubscription } from './rclnodejs_api.js';

/** Messages that wait for the main thread: pictures are big, small messages come in bursts. */
const DEPTH = { camera: 5, other: 100 } as const;
const COMPRESSED = 'sensor_msgs/msg/CompressedImage';

/** A subscription with the sources its messages speak about, such as those of an arm and of its gripper. */
interface Subscribed {
  readonly type: string;
  readonly sources: readonly { readonly index: number; readonly parser: MessageParser }[];
  readonly subscription: RosSubscription;
}

/** Where the sources' messages go. */
export interface MessageSinks {
  readonly loop: PolicyLoop;
  readonly recorder: InputRecorder;
  /** The node's clock, ns. */
  readonly nowNs: () => bigint;
  /** Called after each message, as it may complete an observation. */
  readonly arrived: () => void;
}

/** The topics of a policy's observation sources. Messages come as bytes, so that a picture costs no decoding. */
export class SourceSubscriptions {
  readonly #node: RosNode;
  readonly #subscribed: readonly Subscribed[];
  readonly #bySource: readonly RosSubscription[];
  /** Size of each camera's last raw picture. */
  readonly #pictures: (string | undefined)[];

  constructor(
    rcl: Rclnodejs,
    node: RosNode,
    sources: readonly ObservationSource[],
    parameters: NodeParameters,
    sinks: MessageSinks,
  ) {
    this.#node = node;
    this.#pictures = sources.map(() => undefined);
    const topics = new Map<string, { index: number; source: ObservationSource; type: string }[]>();
    for (const [index, source] of sources.entries()) {
      const topic = parameters.sources[source.name]!.topic || source.topic;
      const type = isCamera(source) && topic.endsWith('/compressed') ? COMPRESSED : source.type;
      const key = `${topic} ${type}`;
      topics.set(key, [...(topics.get(key) ?? []), { index, source, type }]);
    }
    this.#subscribed = [...topics].map(([key, members]) => {
      const topic = key.split(' ')[0]!;
      const { source, type } = members[0]!;
      const settings = members.map((member) => parameters.sources[member.source.name]!);
      // Sources that share a topic share its subscription: what one of them asks for, all get.
      const reliable = settings.some(({ reliability }) => reliability === 'reliable');
      const depth = Math.max(...settings.map((setting) => setting.depth));
      const parsers = members.map((member) => ({
        index: member.index,
        parser: new MessageParser(member.source, type, `topic ${topic}`),
      }));
      const qos = new rcl.QoS(
        QOS.keepLast,
        depth || (isCamera(source) ? DEPTH.camera : DEPTH.other),
        // Best effort takes messages of reliable publishers too; reliable does not the other way round.
        reliable ? QOS.reliable : QOS.bestEffort,
        QOS.volatile,
      );
      const subscription: RosSubscription = node.createSubscription(
        type,
        topic,
        { qos, isRaw: true },
        guarded(node.getLogger(), `a message of ${topic}`, (cdr) => {
          this.#take(cdr, type, subscription.topic, parsers, sinks);
        }),
      );
      return { type, sources: parsers, subscription };
    });
    this.#bySource = sources.map(
      (_, i) =>
        this.#subscribed.find((s) => s.sources.some(({ index }) => index === i))!.subscription,
    );
  }

  /** Topic of a source, with all remappings, how many publish on it, and the size of a camera's pictures. */
  of(source: number): { topic: string; publishers: number; picture: string | undefined } {
    const { topic, publisherCount } = this.#bySource[source]!;
    return { topic, publishers: publisherCount, picture: this.#pictures[source] };
  }

  close(): void {
    for (const { subscription } of this.#subscribed) this.#node.destroySubscription(subscription);
  }

  #take(
    cdr: Buffer,
    type: string,
    topic: string,
    sources: Subscribed['sources'],
    { loop, recorder, nowNs, arrived }: MessageSinks,
  ): void {
    const receivedNs = nowNs();
    let usable = false;
    for (const { index, parser } of sources) {
      try {
        const { stampNs, value, otherJoints } = parser.parse(cdr, receivedNs);
        if (value instanceof CameraFrame) this.#pictures[index] = value.size?.join('x');
        if (value === undefined) loop.passOver(index, otherJoints ?? []);
        else loop.receive(index, stampNs, value);
        usable = true;
      } catch (error) {
        loop.reject(index, messageOf(error));
      }
    }
    // A bag with a message that cannot be read would be of no use.
    if (usable) recorder.push(topic, type, cdr, receivedNs);
    arrived();
  }
}
