package org.coronacare.engine.openid;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.boot.autoconfigure.web.servlet.error.ErrorViewResolver;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.ModelAndView;

/** The page for people who have signed in and open an application of Camunda that none of their groups may use; Camunda has none. */
@Component
@ByOpenIdConnect
final class NoAccessPage implements ErrorViewResolver {

  private static final String CONTENT =
      "<p>None of your groups may open this application.</p><p>Ask for access: %s</p><p><a href=\"%s\">Applications that you may open</a></p>";

  private final String content;

  NoAccessPage(SignInSettings settings) {
    content = CONTENT.formatted(WebPage.escape(settings.contact()), SignIn.HOME);
  }

  @Override
  public ModelAndView resolveErrorView(HttpServletRequest request, HttpStatus status, Map<String, Object> model) {
    if (status != HttpStatus.FORBIDDEN || !String.valueOf(model.get("path")).startsWith("/camunda/app/")) {
      return null;
    }
    return new ModelAndView(
        (values, call, response) -> WebPage.write(response, status.value(), "You don't have access to this application", content));
  }
}
