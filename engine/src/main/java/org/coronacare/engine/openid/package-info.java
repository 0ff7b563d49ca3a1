/** Sign-in of staff and service accounts by an OpenID provider (docs/how-to/sign-in.md); without it, nothing here is created. */
package org.coronacare.engine.openid;
