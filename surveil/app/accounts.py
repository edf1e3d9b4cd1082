"""The accounts of an archive: `archive.accounts`. Who asks has been checked by then; see `Archive.acting`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from surveil.accounts import signing_in, tokens, users
from surveil.app.results.accounts import NewToken, Token, TokenList, User, UserList

if TYPE_CHECKING:
    from surveil.accounts.permissions import Actor
    from surveil.accounts.signing_in import SignedIn
    from surveil.store.account_tables import ApiToken
    from surveil.store.session import Database


class Accounts:
    """The accounts of one database: who there is, signing in, and API tokens.

    Args:
        database: Where they are.
        session_hours: For how long somebody is signed in.
    """

    def __init__(self, database: Database, session_hours: float) -> None:
        self._database, self._hours = database, session_hours

    # --- who there is ------------------------------------------------------------------------------------------------

    def users(self) -> UserList:
        """The accounts by name, and the cameras of the roles."""
        with self._database.session() as session:
            found = tuple(User.model_validate(user) for user in users.list_users(session))
            return UserList(users=found, role_cameras=users.role_cameras(session))

    def user(self, name: str) -> User:
        """The account of a name.

        Raises:
            SurveilError: There is none.
        """
        with self._database.session() as session:
            return User.model_validate(users.find_user(session, name))

    def add(self, name: str, password: str, role: str, *, cameras: Collection[str] | None = None) -> User:
        """Add an account; see `surveil.accounts.users.add_user`."""
        with self._database.session() as session:
            return User.model_validate(users.add_user(session, name, password, role, cameras))

    def set_role(self, name: str, role: str) -> User:
        """Give an account another role.

        Raises:
            SurveilError: Account or role are unknown, or nobody would be left to keep the accounts.
        """
        with self._database.session() as session:
            return User.model_validate(users.set_role(session, name, role))

    def set_password(self, name: str, password: str) -> User:
        """Set a password, which ends the account's sessions.

        Raises:
            SurveilError: There is no such account, or the password is too short.
        """
        with self._database.session() as session:
            return User.model_validate(users.set_password(session, name, password))

    def disable(self, name: str, disabled: bool = True) -> User:
        """Disable an account, or let it sign in again.

        Raises:
            SurveilError: There is no such account, or nobody would be left to keep the accounts.
        """
        with self._database.session() as session:
            return User.model_validate(users.set_disabled(session, name, disabled))

    def set_cameras(self, name: str, cameras: Collection[str] | None) -> User:
        """The only cameras that an account may see; None: all that its role may.

        Raises:
            SurveilError: The account or a camera is unknown.
        """
        with self._database.session() as session:
            return User.model_validate(users.set_cameras(session, name, cameras))

    def set_role_cameras(self, role: str, cameras: Collection[str] | None) -> None:
        """The only cameras that a role may see; None: all.

        Raises:
            SurveilError: The role or a camera is unknown.
        """
        with self._database.session() as session:
            users.set_role_cameras(session, role, cameras)

    # --- signing in --------------------------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Sign in with name and password; see `surveil.accounts.signing_in.sign_in`."""
        return signing_in.sign_in(self._database, name, password, address, self._hours)

    def signed_in(self, secret: str) -> Actor | None:
        """Who holds the secret of a session; None when it does not hold (any more)."""
        with self._database.session() as session:
            return signing_in.actor_of_sign_in(session, secret)

    def sign_out(self, secret: str) -> None:
        """End a session."""
        with self._database.session() as session:
            signing_in.sign_out(session, secret)

    def trusted(self, name: str) -> Actor:
        """The account that a proxy vouches for.

        Raises:
            SignInError: There is none of that name, or it is disabled.
        """
        with self._database.session() as session:
            return signing_in.trusted(session, name)

    def new_start_link(self) -> str | None:
        """The secret with which the first account may be made within an hour; None when there is an account."""
        with self._database.session() as session:
            return signing_in.new_start_link(session)

    def is_start_link(self, secret: str) -> bool:
        """Whether a first account may be made with this secret now."""
        with self._database.session() as session:
            return signing_in.is_start_link(session, secret)

    def use_start_link(self, secret: str, name: str, password: str) -> SignedIn:
        """Make the first account, an administrator's, and sign in; see `surveil.accounts.signing_in`."""
        with self._database.session() as session:
            return signing_in.use_start_link(session, secret, name, password, self._hours)

    # --- API tokens --------------------------------------------------------------------------------------------------

    def make_token(self, user: str, name: str, scopes: Sequence[str], *, days: float = 90.0) -> NewToken:
        """Make an API token; see `surveil.accounts.tokens.make_token`."""
        with self._database.session() as session:
            row, secret = tokens.make_token(session, user, name, tuple(scopes), days)
            return NewToken(**_token(row).model_dump(), secret=secret)

    def tokens(self, user: str | None = None) -> TokenList:
        """The API tokens of an account, or all.

        Raises:
            SurveilError: There is no such account.
        """
        with self._database.session() as session:
            return TokenList(tokens=tuple(_token(row) for row in tokens.list_tokens(session, user)))

    def revoke_token(self, number: int) -> Token:
        """Revoke an API token.

        Raises:
            SurveilError: There is none of that number.
        """
        with self._database.session() as session:
            return _token(tokens.revoke_token(session, number))

    def of_token(self, secret: str) -> Actor | None:
        """Whom an API token acts for; None when it does not hold (any more)."""
        with self._database.session() as session:
            return tokens.actor_of_token(session, secret)


def _token(row: ApiToken) -> Token:
    return Token(
        token=row.id,
        user=row.account.name,
        name=row.name,
        scopes=tuple(row.scopes),
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
