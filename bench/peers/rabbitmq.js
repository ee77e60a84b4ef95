'use strict';
const amqp = require('amqplib');

const body = Buffer.alloc(100, 'x');
const persistent = { persistent: true };

exports.open = async ({ port, connections }) => {
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const channels = [];
  const links = [];
  for (let i = 0; i < Math.min(connections, 64); i += 1) links.push(await amqp.connect(url));
  for (let i = 0; i < connections; i += 1) channels.push(await links[i % links.length].createConfirmChannel());
  await channels[0].assertQueue('jobs', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  return {
    enqueue: (i) => new Promise((done, failed) => {
      channels[i].sendToQueue('jobs', body, persistent, (error) => (error ? failed(error) : done()));
    }),
    enqueueMany: async (count) => {
      for (let i = 0; i < count; i += 1) channels[0].sendToQueue('jobs', body, persistent);
      await channels[0].waitForConfirms();
    },
    work: async (onJob) => {
      const link = await amqp.connect(url);
      for (let i = 0; i < 4; i += 1) {
        const channel = await link.createChannel();
        await channel.prefetch(500);
        await channel.consume('jobs', (message) => {
          channel.ack(message);
          onJob();
        });
      }
    },
  };
};
