# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --extra ocr --no-install-project --no-editable
COPY README.md LICENSE manifest.yml ./
COPY bot ./bot
RUN uv sync --locked --no-dev --extra ocr --no-editable

FROM python:3.11-slim-bookworm
# Debian's mirrors keep only the newest version, so a pinned one would break the build.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr-eng tesseract-ocr-osd \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data aloud \
    && install --directory --owner=aloud --mode=0700 /data
COPY --from=build /src/.venv /src/.venv
ENV PATH="/src/.venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/aloud.db \
    HOST=0.0.0.0 \
    PORT=3000
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["aloud"]
CMD ["run"]
