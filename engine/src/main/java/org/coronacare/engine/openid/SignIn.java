package org.coronacare.engine.openid;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.coronacare.engine.security.SecurityHeaders;
import org.coronacare.engine.security.WebappPaths;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseCookie;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.client.web.HttpSessionOAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizationRequestRedirectFilter;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;
import org.springframework.security.web.authentication.AuthenticationSuccessHandler;
import org.springframework.security.web.authentication.SavedRequestAwareAuthenticationSuccessHandler;
import org.springframework.security.web.context.HttpSessionSecurityContextRepository;
import org.springframework.security.web.savedrequest.HttpSessionRequestCache;

/** Sign-in at Tasklist, Cockpit and Admin by the provider: authorization code flow with PKCE, state and nonce. */
@Configuration
@ByOpenIdConnect
class SignIn {

  static final String PATH = "/camunda/sign-in";

  static final String START_BASE = PATH + "/start";

  /** Redirects to the provider. */
  static final String START = START_BASE + "/" + Provider.ID;

  static final String EMERGENCY = PATH + "/emergency";

  /** Camunda's page with the applications that the person may open. */
  static final String HOME = "/camunda/app/welcome/default/";

  /** Tells sign-out.js how people sign in; not a secret. */
  private static final ResponseCookie MARK = ResponseCookie.from("sign-in", "openid-connect").path("/camunda").sameSite("Lax").build();

  private static final Logger LOG = LoggerFactory.getLogger(SignIn.class);

  @Bean
  @Order(2)
  SecurityFilterChain webappFilterChain(
      HttpSecurity http,
      SecurityHeaders headers,
      Provider provider,
      People people,
      Directory directory,
      SignInLog log,
      SignOut signOut,
      EmergencyAccount emergency,
      SignInSettings settings,
      @Value("${ENGINE_SECURE_COOKIES:true}") boolean isServedByHttps)
      throws Exception {
    var contexts = new HttpSessionSecurityContextRepository();
    var clients = new HttpSessionOAuth2AuthorizedClientRepository();
    var requests = new HttpSessionRequestCache();
    // only pages: the browser is sent back to the one that it wanted, which no parameter of a request can name
    requests.setMatchingRequestParameterName(null);
    requests.setRequestMatcher(request -> isPage(request) && HttpMethod.GET.matches(request.getMethod()));
    var calls = new ProviderClients(Provider.TIMEOUT);
    var renewal =
        new SessionRenewal(
            provider, people, calls.refreshToken(), clients, contexts, settings.checkedWithin());
    http.authorizeHttpRequests(
            paths ->
                paths
                    .requestMatchers(WebappPaths::isSetUp)
                    .denyAll()
                    .requestMatchers(WebappPaths::isPasswordSignIn)
                    .denyAll()
                    .requestMatchers(PATH + "/**", SignOut.PATH, SignOut.DONE, SignOut.BACK_CHANNEL)
                    .permitAll()
                    .requestMatchers("/camunda/app/**", "/camunda/api/**")
                    .access(hasGroup())
                    .anyRequest()
                    .permitAll())
        .exceptionHandling(
            refusals ->
                refusals
                    .authenticationEntryPoint(SignIn::requireSignIn)
                    .accessDeniedHandler((request, response, refusal) -> refuse(request, response, refusal, settings)))
        .oauth2Login(
            login ->
                login
                    .clientRegistrationRepository(provider)
                    .authorizedClientRepository(clients)
                    .loginPage(START)
                    .authorizationEndpoint(endpoint -> endpoint.baseUri(START_BASE))
                    .redirectionEndpoint(endpoint -> endpoint.baseUri(Provider.CALLBACK))
                    .tokenEndpoint(endpoint -> endpoint.accessTokenResponseClient(calls.authorizationCode()))
                    .userInfoEndpoint(endpoint -> endpoint.oidcUserService(people::loadUser))
                    .securityContextRepository(contexts)
                    .successHandler(signedIn(requests, directory, log, signOut, isServedByHttps))
                    .failureHandler(SignIn::explainFailure))
        .addFilterBefore(new ProviderOutage(provider), OAuth2AuthorizationRequestRedirectFilter.class)
        .addFilterBefore(renewal, AuthorizationFilter.class)
        .addFilterBefore(signOut, OAuth2AuthorizationRequestRedirectFilter.class)
        .headers(headers)
        .requestCache(cache -> cache.requestCache(requests))
        // Camunda's filters protect its API, and the provider's state protects the callback
        .csrf(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .anonymous(AbstractHttpConfigurer::disable);
    if (emergency.isEnabled()) {
      http.authenticationProvider(emergency)
          .formLogin(form -> form.loginPage(EMERGENCY).loginProcessingUrl(EMERGENCY).failureUrl(EMERGENCY + "?failed").defaultSuccessUrl(HOME))
          .addFilterBefore(new EmergencyPage(), AuthorizationFilter.class);
    }
    return http.build();
  }

  private static AuthorizationManager<RequestAuthorizationContext> hasGroup() {
    return (account, request) -> {
      var caller = account.get();
      return new AuthorizationDecision(caller != null && caller.isAuthenticated() && !caller.getAuthorities().isEmpty());
    };
  }

  private static AuthenticationSuccessHandler signedIn(
      HttpSessionRequestCache requests, Directory directory, SignInLog log, SignOut signOut, boolean isServedByHttps) {
    var redirect = new SavedRequestAwareAuthenticationSuccessHandler();
    redirect.setRequestCache(requests);
    redirect.setDefaultTargetUrl(HOME);
    return (request, response, authentication) -> {
      record((Person) authentication.getPrincipal(), directory, log);
      signOut.register(request.getSession(), (Person) authentication.getPrincipal());
      response.addHeader(HttpHeaders.SET_COOKIE, MARK.mutate().secure(isServedByHttps).build().toString());
      redirect.onAuthenticationSuccess(request, response, authentication);
    };
  }

  private static void record(Person person, Directory directory, SignInLog log) {
    directory.add(person);
    log.add(person.getName(), person.groups());
    LOG.info("signed in: {}, subject {} of {}, groups {}", person.getName(), person.getSubject(), person.getIssuer(), person.groups());
  }

  private static void requireSignIn(HttpServletRequest request, HttpServletResponse response, AuthenticationException refusal)
      throws IOException {
    if (isPage(request)) {
      response.sendRedirect(START);
    } else {
      response.setStatus(HttpServletResponse.SC_UNAUTHORIZED);
    }
  }

  private static boolean isPage(HttpServletRequest request) {
    return request.getRequestURI().startsWith("/camunda/app/");
  }

  private static void refuse(
      HttpServletRequest request, HttpServletResponse response, AccessDeniedException refusal, SignInSettings settings) throws IOException {
    if (WebappPaths.isSetUp(request)) {
      response.sendError(HttpServletResponse.SC_NOT_FOUND);
    } else if (isPage(request)) {
      WebPage.write(
          response,
          HttpServletResponse.SC_FORBIDDEN,
          "You don't have access yet",
          "<p>You have signed in, but none of your groups has access to CoronaCare.</p><p>Ask for access: %s</p><p><a href=\"%s\">Sign out</a></p>"
              .formatted(WebPage.escape(settings.contact()), SignOut.PATH));
    } else {
      response.setStatus(HttpServletResponse.SC_FORBIDDEN);
    }
  }

  private static void explainFailure(HttpServletRequest request, HttpServletResponse response, AuthenticationException failure)
      throws IOException {
    // the class only: a provider's message may have anything
    LOG.warn("sign-in failed: {}", describe(failure));
    WebPage.write(
        response,
        HttpServletResponse.SC_FORBIDDEN,
        "You aren't signed in",
        "<p>The sign-in was cancelled, took too long, or was opened twice.</p><p><a href=\"%s\">Sign in again</a></p>".formatted(HOME));
  }

  private static String describe(AuthenticationException failure) {
    return failure instanceof OAuth2AuthenticationException error
        ? error.getError().getErrorCode()
        : failure.getClass().getSimpleName();
  }
}
