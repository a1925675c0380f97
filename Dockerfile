# One replica of the app: `docker build -t two-dice .`, then `docker run --rm -p 8501:8501 two-dice`. Several behind a
# proxy: compose.yaml. docs/hosting.md says what was tried and how large it is.

FROM python:3.11.14-slim-bookworm AS packages
WORKDIR /build
COPY requirements.txt deploy/requirements.lock ./
# PyTorch from its own index: the wheel on PyPI brings gigabytes of CUDA. --no-compile, and compiled below, because of
# all these modules the app imports a third.
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --no-compile --no-deps \
       --index-url https://download.pytorch.org/whl/cpu "$(grep ^torch== requirements.txt)" \
    && pip --python /venv/bin/python install --no-cache-dir --no-compile --no-deps \
       --require-hashes -r requirements.lock \
    && pip --python /venv/bin/python check
# What PyTorch has for those who extend it in C++, and its own tests: 195 MB.
WORKDIR /venv/lib/python3.11/site-packages/torch
RUN rm -r include test && find bin -type f ! -name torch_shm_manager -delete

FROM python:3.11.14-slim-bookworm
# With its welcome, Streamlit asks a host of Amazon's for the server's address.
ENV PATH=/venv/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true
COPY --from=packages /venv /venv
WORKDIR /two-dice
COPY . .
# Opens every page, which compiles what the app imports. Later it could not: the container's files are read-only.
RUN python -m scripts.check_requirements --here
ENV PYTHONDONTWRITEBYTECODE=1
USER 65534:65534
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "deploy/healthy.py"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
