// PostGraphile with connection-filter over the tables of the service; see ../peers.py
import cluster from "node:cluster";
import { createServer } from "node:http";
import pg from "pg";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

const workers = Number(process.env.WORKERS);
if (workers > 1 && cluster.isPrimary) {
  for (let made = 0; made < workers; made++) cluster.fork();
} else {
  await serve();
}

async function serve() {
  const pool = new pg.Pool({
    host: process.env.PGHOST,
    port: 5432,
    user: "onrecord",
    database: "onrecord",
    max: 20,
  });
  const server = createServer();
  const preset = {
    extends: [PostGraphileAmberPreset, PostGraphileConnectionFilterPreset],
    pgServices: [makePgService({ pool, schemas: ["public"] })],
    grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  };
  const serv = postgraphile(preset).createServ(grafserv);
  await serv.addTo(server);
  await serv.ready();
  server.listen(Number(process.env.PORT), "127.0.0.1");
}
