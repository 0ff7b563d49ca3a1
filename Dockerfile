# All Python parts: workers, lab, government, SMS gateway, web application, deployment. Each service of docker-compose.yml
# has its own command. Build from the repository's root.
FROM node:24.18.1-bookworm-slim AS css
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev
RUN sed -e 's/@font-face{[^}]*}//g' -e 's/GDS Transport/system-ui/g' \
    node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css > govuk-frontend.min.css \
    && node_modules/.bin/rtlcss --silent govuk-frontend.min.css govuk-frontend.rtl.min.css
RUN install -D --mode=644 --target-directory=fonts \
    node_modules/@expo-google-fonts/*/400Regular/*.ttf node_modules/@expo-google-fonts/*/700Bold/*.ttf

FROM python:3.11.15-slim-bookworm AS build
WORKDIR /app
RUN python -m venv --without-pip /venv
COPY requirements.txt ./
RUN pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
ENV PATH=/venv/bin:$PATH
COPY access access
COPY camunda7 camunda7
COPY config config
COPY deployment deployment
COPY forms forms
COPY hosting hosting
COPY kpi kpi
COPY papers papers
COPY processes processes
COPY records records
COPY reporting reporting
COPY services services
COPY simulation simulation
COPY stack stack
COPY webapp webapp
COPY workers workers
COPY --from=css /app/govuk-frontend.min.css /app/govuk-frontend.rtl.min.css webapp/static/
COPY --from=css /app/fonts papers/fonts
# readable also where the checkout's files are their owner's alone (umask 077)
RUN pybabel compile --directory webapp/translations && chmod -R a+rX . \
    && python -m compileall -q /app /venv/lib && install --directory --mode=1777 .run

FROM python:3.11.15-slim-bookworm
WORKDIR /app
# the volume /erasures begins with this mode; the container that restores writes to it, too
RUN useradd --no-create-home --uid 10001 coronacare && install --directory --mode=0777 /erasures
COPY --from=build /venv /venv
COPY --from=build /app /app
USER coronacare
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1
