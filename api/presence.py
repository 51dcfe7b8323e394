"""Whether somebody still waits for the answer to a request."""

from typing import Annotated

from fastapi import Depends, Request

from core.turns import IsWanted


def _is_wanted(request: Request) -> IsWanted:
    async def is_wanted() -> bool:
        return not await request.is_disconnected()

    return is_wanted


Wanted = Annotated[IsWanted, Depends(_is_wanted)]
"""What tells, when asked, whether the caller is still there."""
