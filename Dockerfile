# The server alone: SQLite, libpq and OpenSSL are compiled in, so that the image needs only the C library.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --package tollgate --no-default-features \
    && cp target/release/tollgate /tollgate \
    && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /tollgate /usr/local/bin/tollgate
# A volume for SQLite; nothing else is written.
COPY --from=build --chown=nonroot:nonroot /data /data
WORKDIR /data
ENV DATABASE_URL=sqlite:///data/tollgate.db TOLLGATE_LISTEN=0.0.0.0:8000
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/tollgate"]
CMD ["serve"]
