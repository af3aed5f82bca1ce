# syntax=docker/dockerfile:1
# The shop as one file on plain Node: no package manager's tree, no compiler, no embedded database in the image.
#   docker build -t holon-shop .

ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# No install scripts: what is installed here runs only to make the bundle.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY deploy/bundle.mjs deploy/
COPY contracts contracts
COPY src src
COPY scripts/web-build.ts scripts/
RUN node deploy/bundle.mjs src/shop/main.ts /out/main.mjs
# The storefront is built here: a container in production builds nothing.
RUN node --conditions=source --import tsx scripts/web-build.ts /out/dist/web
COPY migrations /out/migrations
COPY LICENSE /out/

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /out ./
# The base image's own unprivileged user, by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 3000 3001 3002
STOPSIGNAL SIGTERM
# By bash, which the base image has and which opens sockets by itself: a Node for each check would take a tenth of a core in six containers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/${HOLON_OPS_HOST:-127.0.0.1}/${HOLON_OPS_PORT:-3002} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["node", "main.mjs"]
CMD ["start"]
