package org.coronacare.engine.openid;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.springframework.http.HttpHeaders;
import org.springframework.web.util.HtmlUtils;

/** A page with a message about signing in. */
final class WebPage {

  private static final String HTML =
      """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>%1$s – CoronaCare</title>
      <style>
      body { margin: 0 auto; padding: 1rem; max-width: 40rem; font: 1.1875rem/1.4 arial, sans-serif; color: #0b0c0c }
      a { color: #1d70b8 }
      label { display: block; margin-top: 1rem }
      input { font: inherit; padding: .3rem; border: 2px solid #0b0c0c }
      button { font: inherit; margin-top: 1rem; padding: .5rem 1rem; border: 0; color: #fff; background: #0f7a52 }
      :focus-visible { outline: 3px solid #fd0; outline-offset: 0; box-shadow: 0 0 0 4px #0b0c0c }
      </style>
      </head>
      <body><main><h1>%1$s</h1>
      %2$s
      </main></body>
      </html>
      """;

  private WebPage() {}

  /**
   * Writes a page.
   *
   * @param content HTML; {@link #escape} what isn't ours
   */
  static void write(HttpServletResponse response, int status, String title, String content) throws IOException {
    response.setStatus(status);
    response.setContentType("text/html");
    response.setCharacterEncoding(StandardCharsets.UTF_8.name());
    response.setHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    response.setHeader(
        "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    response.getWriter().write(HTML.formatted(title, content));
  }

  static String escape(String text) {
    return HtmlUtils.htmlEscape(text);
  }
}
