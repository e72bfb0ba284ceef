"""Who calls, and what they may do: API keys, members of workspaces, roles, sign-in tokens, a workspace's secrets.

    Caller (caller.py)         what every call is made by: a workspace, a name, permissions
    permissions.py             the permissions, and which role has which: the only place that says so
    keys.py                    API keys: af_live_<id>_<secret><checksum>, of which only a hash is kept
    members.py                 workspaces, members, invitations
    tokens.py                  JSON Web Tokens of an OpenID Connect issuer
    secrets.py                 what a workspace stores and nobody reads: encrypted, write-only

No HTTP here: `handlers/http` finds out which of these a request carries.
"""
