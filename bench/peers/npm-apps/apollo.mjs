import process from "node:process";
import { ApolloServer } from "@apollo/server";
import { expressMiddleware } from "@as-integrations/express5";
import express from "express";

const typeDefs = "type Book { title: String, author: String } type Query { books: [Book] }";
const books = [{ title: "The Awakening", author: "Kate Chopin" }];
const server = new ApolloServer({ typeDefs, resolvers: { Query: { books: () => books } } });
await server.start();
const app = express();
app.get("/", (_request, response) => void response.send("Apollo"));
app.use("/graphql", express.json(), expressMiddleware(server));
app.listen(Number(process.env.PORT), "127.0.0.1");
