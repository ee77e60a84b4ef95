# docker build -t jobqd .
# docker run -p 127.0.0.1:8080:8080 -v jobqd:/data -v "$PWD/jobqd.toml":/etc/jobqd.toml:ro -e CONFIG=/etc/jobqd.toml \
#   --stop-timeout 40 --read-only --cap-drop ALL jobqd
# Without CONFIG it only simulates work: docs/operations.md#queues says what jobqd.toml holds.

FROM debian:bookworm-slim AS build
WORKDIR /src
COPY dev .
# A layer of its own: changing the code does not install the compiler again.
RUN apt-get update \
 && ./dev packages run | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends
COPY . .
RUN ./dev build && ./dev packages runtime > runtime-packages

FROM debian:bookworm-slim
COPY --from=build /src/runtime-packages /tmp/
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive xargs -a /tmp/runtime-packages apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages \
 && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=build /src/build/release/jobqd /usr/local/bin/

# By number, so that Kubernetes can see that it is not root. Nothing is written outside /data.
USER 10001:10001
VOLUME /data
WORKDIR /data
ENV LISTEN=0.0.0.0:8080 \
    STORE=sqlite:/data/jobqd.db
EXPOSE 8080
STOPSIGNAL SIGTERM
# No HEALTHCHECK: it would need a client inside the image. Kubernetes asks from outside:
#   livenessProbe:  httpGet: { path: /livez, port: 8080 }
#   readinessProbe: httpGet: { path: /readyz, port: 8080 }
ENTRYPOINT ["/usr/local/bin/jobqd"]
