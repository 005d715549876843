FROM node:24-slim
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
RUN npm install @sockact/register
COPY . .
USER node
# #region preload
ENV NODE_OPTIONS=--require=/app/node_modules/@sockact/register/dist/index.cjs
ENV SOCKACT_SIGNALS=yes
CMD ["node", "server.js"]
# #endregion preload
