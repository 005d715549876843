import type { IncomingMessage, RequestListener } from "node:http";
import type { Server } from "node:net";
import type { WebSocketServer } from "ws";

/** The options for `systemdListen()`; undefined if the app must not call it. */
export const options: { name?: string | string[]; required?: boolean } | undefined;
/** The port for `listen()`. */
export const port: number;
/** Whether the app must create the server itself, instead of with the framework's `listen()`. */
export const ownServer: boolean;
/** Creates such a server, of the kind that the contract asks for. */
export function createOwnServer(handler: RequestListener): Server;
/** Tells the contract that something has happened: `say("callback")` in the callback of `listen()`. */
export function say(event: string, more?: object): void;
/** What the app answers to `GET /`, as JSON: the process, and what it knows about the client. */
export function whoAmI(request: IncomingMessage): object;
/** What the app answers to `GET /sockact`, as JSON, if the adapter gives it the object `sockact`. */
export function askSockact(sockact: object): Promise<object>;
/**
 * Tells the contract when the server listens, and its address.
 *
 * @param leftovers the names of the functions in the framework's path of a request, such as its middleware.
 *   The adapter must leave none there if no socket was passed.
 */
export function report(server: Server, leftovers: () => string[]): void;
/** Makes the server answer WebSockets with what they send. */
export function echoWebSockets(server: Server): WebSocketServer;
