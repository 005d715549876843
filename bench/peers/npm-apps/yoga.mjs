import { createServer } from "node:http";
import process from "node:process";
import { createSchema, createYoga } from "graphql-yoga";

const typeDefs = "type Query { hello: String }";
const schema = createSchema({ typeDefs, resolvers: { Query: { hello: () => "Yoga" } } });
createServer(createYoga({ schema, landingPage: false })).listen(Number(process.env.PORT), "127.0.0.1");
