import { Hono } from 'hono/tiny';

interface Bindings {
  readonly QUEUE: { send(text: string, options: { contentType: 'text' }): Promise<unknown> };
}

/** A route that puts what it is sent into a queue as it is, and answers once the queue has it. */
const app = new Hono<{ Bindings: Bindings }>();
app.post('/v1/batch', async (c) => {
  await c.env.QUEUE.send(await c.req.text(), { contentType: 'text' });
  return c.json({ success: true });
});

export default app;
