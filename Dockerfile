# All Python parts: workers, lab, government, web application, deployment. Each service of docker-compose.yml
# names its own command. Build from the repository's root.
FROM node:20.20.2-bookworm-slim AS css
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --omit=dev
RUN sed -e 's/@font-face{[^}]*}//g' -e 's/GDS Transport/system-ui/g' \
    node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css > govuk-frontend.min.css \
    && node_modules/.bin/rtlcss --silent govuk-frontend.min.css govuk-frontend.rtl.min.css

FROM python:3.11.14-slim-bookworm
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY access access
COPY camunda7 camunda7
COPY config config
COPY deployment deployment
COPY forms forms
COPY hosting hosting
COPY kpi kpi
COPY processes processes
COPY records records
COPY services services
COPY webapp webapp
COPY workers workers
COPY --from=css /app/govuk-frontend.min.css /app/govuk-frontend.rtl.min.css webapp/static/
RUN pybabel compile --directory webapp/translations
# readable also where the checkout's files are their owner's alone (umask 077); .run: locks of the worker processes
RUN chmod -R a+rX . && useradd --create-home coronacare && install --directory --owner=coronacare .run
USER coronacare
ENV PYTHONUNBUFFERED=1 PYTHONUTF8=1
