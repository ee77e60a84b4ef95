'use strict';
const { Queue, Worker } = require('bullmq');

const data = { p: 'x'.repeat(92) }; // 100 bytes of JSON
const opts = { removeOnComplete: true, removeOnFail: true };

exports.open = async ({ port, connections }) => {
  const connection = { host: '127.0.0.1', port };
  const queues = [...Array(connections)].map(() => new Queue('jobs', { connection }));
  await Promise.all(queues.map((queue) => queue.waitUntilReady()));
  return {
    enqueue: (i) => queues[i].add('noop', data, opts),
    enqueueMany: (count) => queues[0].addBulk([...Array(count)].map(() => ({ name: 'noop', data, opts }))),
    work: async (onJob) => {
      const worker = new Worker('jobs', async () => onJob(), { connection, concurrency: 100 });
      worker.on('error', () => {});
      await worker.waitUntilReady();
    },
  };
};
