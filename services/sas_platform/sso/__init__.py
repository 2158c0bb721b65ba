"""Sign-on, the provider: an OpenID provider shaped like Pro Santé Connect, and the platform's own sessions."""
