# The bridge runs its TypeScript sources directly: Node 24 strips the types, so there is nothing to build.
FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
COPY vendor ./vendor
# The optional Node binaries are for machines with an older Node; here they would be 190 MB of nothing.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-*

FROM node:24.21.0-bookworm-slim
# glibc's malloc keeps nearly half of what a bridge with many puppets has once needed (docs/benchmarks.md).
RUN apt-get update && apt-get install -y --no-install-recommends libjemalloc2 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production NODE_OPTIONS=--disable-warning=DEP0060 LD_PRELOAD=libjemalloc.so.2
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY vendor ./vendor
COPY bin ./bin
COPY config ./config
COPY src ./src
RUN ln -s /app/bin/msnbridge.mjs /usr/local/bin/msnbridge && install -d -o node -g node -m 700 /data
USER node
VOLUME /data
# Application service, link pages, figures.
EXPOSE 29340 29341 29342
ENTRYPOINT ["msnbridge"]
CMD ["run"]
