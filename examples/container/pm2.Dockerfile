FROM node:24-slim
WORKDIR /app
RUN npm install --global pm2
COPY package*.json ./
RUN npm ci --omit=dev
COPY . .
USER node
# #region stop
ENV SOCKACT_SIGNALS=yes PM2_KILL_SIGNAL=SIGTERM
CMD ["pm2-runtime", "server.mjs", "--kill-timeout", "9000"]
# #endregion stop
