# syntax=docker/dockerfile:1
# The shop as one file on plain Node. The image contains no packages that npm installed, no compiler and no embedded database.
#   docker build -t holon-shop .

ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# Install scripts are not needed, because the packages are installed only to make the bundle.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY deploy/bundle.mjs deploy/
COPY contracts contracts
COPY src src
COPY scripts/web-build.ts scripts/
RUN node deploy/bundle.mjs src/shop/main.ts /out/main.mjs
# The storefront is built here, because a container in production builds nothing.
RUN node --conditions=source --import tsx scripts/web-build.ts /out/dist/web
COPY migrations /out/migrations
COPY LICENSE /out/

FROM node:${NODE_VERSION}-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /out ./
# The unprivileged user of the base image. It is named by number, so that an orchestrator can see that it is not root.
USER 1000:1000
EXPOSE 3000 3001 3002
STOPSIGNAL SIGTERM
# Bash is in the base image and can open sockets. A Node process for each check would take a tenth of a core in six containers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/${HOLON_OPS_HOST:-127.0.0.1}/${HOLON_OPS_PORT:-3002} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
ENTRYPOINT ["node", "main.mjs"]
CMD ["start"]
