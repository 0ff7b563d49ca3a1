package org.coronacare.engine.openid;

import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserRequest;
import org.springframework.security.oauth2.client.oidc.userinfo.OidcUserService;
import org.springframework.security.oauth2.client.userinfo.OAuth2UserService;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.stereotype.Component;

/** Creates the person of an ID token; asks the provider's user info endpoint if the token doesn't have the groups. */
@Component
@ByOpenIdConnect
final class People implements OAuth2UserService<OidcUserRequest, OidcUser> {

  private final GroupMapping groups;
  private final OidcUserService provider = new ProviderClients(Provider.TIMEOUT).userInfo();

  People(GroupMapping groups) {
    this.groups = groups;
    provider.setRetrieveUserInfo(
        request ->
            !groups.isKnown(request.getIdToken().getClaims())
                && request.getClientRegistration().getProviderDetails().getUserInfoEndpoint().getUri() != null);
  }

  @Override
  public Person loadUser(OidcUserRequest request) {
    var user = provider.loadUser(request);
    return new Person(groups.map(user.getClaims()), user.getIdToken(), user.getUserInfo());
  }
}
