import * as z from 'zod';

/**
 * The tools, for a server of either SDK generation.
 *
 * `host.notify(context, notification)` sends on the stream of the request being answered,
 * `host.progressToken(context)` reads that request's token, and `host.toolsChanged()` reaches the
 * client outside of any request.
 */
export function addTools(server, host) {
  server.registerTool(
    'echo',
    { description: 'Says it again', inputSchema: z.object({ text: z.string() }) },
    ({ text }) => says(text),
  );

  server.registerTool(
    'count',
    { description: 'Counts, reporting progress', inputSchema: z.object({ to: z.int().min(1) }) },
    async ({ to }, context) => {
      const progressToken = host.progressToken(context);
      for (let progress = 1; progress <= to && progressToken !== undefined; progress += 1) {
        const params = { progressToken, progress, total: to };
        await host.notify(context, { method: 'notifications/progress', params });
      }
      return says(`counted to ${to}`);
    },
  );

  // A client mirrors this argument into the header `Mcp-Param-Region`. The names of such headers
  // come from the tools, which is why the policy admits them by their prefix.
  const region = z.string().meta({ 'x-mcp-header': 'Region' });
  server.registerTool(
    'locate',
    { description: 'Answers from a region', inputSchema: z.object({ region }) },
    ({ region }) => says(`answered from ${region}`),
  );

  server.registerTool(
    'announce',
    { description: 'Tells the client that the tools changed', inputSchema: z.object({}) },
    async () => {
      await host.toolsChanged();
      return says('announced');
    },
  );
}

function says(text) {
  return { content: [{ type: 'text', text }] };
}
