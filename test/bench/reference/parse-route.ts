import { Hono } from 'hono/tiny';

/** A route that takes a batch, parses it and answers: what no edge can do without. */
const app = new Hono();
app.post('/v1/batch', async (c) => {
  const { batch } = await c.req.json<{ batch: unknown[] }>();
  return c.json({ success: true, events: batch.length });
});

export default app;
