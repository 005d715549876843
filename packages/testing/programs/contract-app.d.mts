import type { IncomingMessage, RequestListener } from "node:http";
import type { Server } from "node:net";
import type { WebSocketServer } from "ws";

export const options: { name?: string | string[]; required?: boolean } | undefined;
export const port: number;
export const ownServer: boolean;
export function createOwnServer(handler: RequestListener): Server;
export function say(event: string, more?: object): void;
export function whoAmI(request: IncomingMessage): object;
export function askSockact(sockact: object): Promise<object>;
export function report(server: Server, leftovers: () => string[]): void;
export function echoWebSockets(server: Server): WebSocketServer;
