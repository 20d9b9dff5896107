import type { BagSummary } from '../../bag/bag_summary.js';
import { table } from '../terminal.js';
import type { Description } from './description.js';

/** A bag: its files, topics and rates. */
export function describeBag(
  path: string,
  { files, topics, startNs, endNs }: BagSummary,
): Description {
  const seconds = Number(endNs - startNs) / 1e9;
  const messages = topics.reduce((sum, topic) => sum + topic.messages, 0);
  return {
    facts: {
      kind: 'bag',
      path,
      files,
      topics,
      messages,
      start_ns: String(startNs),
      end_ns: String(endNs),
      duration_s: seconds,
    },
    text: [
      `bag of ${files.length} file${files.length === 1 ? '' : 's'}, ${messages} messages in ${seconds.toFixed(1)} s`,
      table(
        ['topic', 'type', 'messages', 'Hz'],
        topics.map((topic) => [
          topic.topic,
          topic.type,
          String(topic.messages),
          seconds > 0 ? (topic.messages / seconds).toFixed(1) : '-',
        ]),
      ),
    ].join('\n'),
  };
}
