# One image for the services and the harness. Nothing here is needed for `make demo` or `make test`.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/recette && /opt/recette/bin/pip install --no-cache-dir -r requirements.txt
# For the profile `load` of docker-compose.yml.
ARG LOAD=
COPY requirements-dev.txt ./
RUN if [ -n "$LOAD" ]; then \
      /opt/recette/bin/pip install --no-cache-dir "$(grep -i '^locust==' requirements-dev.txt)"; fi
COPY pyproject.toml README.md ./
COPY contracts contracts
COPY services services
COPY shared shared
COPY recette recette
RUN /opt/recette/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
ENV PATH=/opt/recette/bin:$PATH PYTHONUNBUFFERED=1
COPY --from=build /opt/recette /opt/recette
RUN useradd --create-home --uid 10001 recette
USER recette
WORKDIR /home/recette
EXPOSE 8080 8081
ENTRYPOINT ["recette"]
CMD ["--help"]
