# syntax=docker/dockerfile:1
# One image for every part: alone it runs all of baseCamp on SQLite, in compose.yaml each container runs a part.

FROM python:3.11-slim AS build
RUN python -m venv /venv
COPY requirements.txt .
# The index of CPU builds: PyPI's torch for Linux brings gigabytes of libraries for graphics cards.
RUN --mount=type=cache,target=/root/.cache/pip \
    /venv/bin/pip install --disable-pip-version-check --extra-index-url https://download.pytorch.org/whl/cpu \
    -r requirements.txt

FROM python:3.11-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 basecamp \
    # A volume takes its owner from the folder it is mounted on, so both exist before.
    && mkdir -p /data/chroma && chown -R basecamp:basecamp /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py requirements.txt ./
COPY basecamp basecamp
COPY leads leads
COPY enrichment enrichment
COPY crm_sync crm_sync
COPY templates templates
COPY static static
RUN python -m compileall -q basecamp leads enrichment crm_sync

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HF_HOME=/data/models \
    HOST=0.0.0.0
USER basecamp
VOLUME /data
EXPOSE 8000
HEALTHCHECK --start-period=90s --interval=15s --timeout=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT') or 8000}/healthz\", timeout=4)"]
# tini reaps what killed programs leave behind and passes SIGTERM on.
ENTRYPOINT ["tini", "--"]
# Run files are of this container alone; logs go to `docker logs` as a whole.
CMD ["python", "manage.py", "up", "--verbose", "--run-dir", "/tmp/basecamp", "--log-dir", "/tmp/basecamp/logs"]
