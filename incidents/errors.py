"""What can go wrong with incidents, alarms and their evidence."""

from core.errors import Conflict, Fault, InvalidInput


class AlreadyAnswered(Conflict):
    """Another desk was first; the message and the parameter `answered_by` name it."""

    code = "already_answered"


class RevisionPassed(Conflict):
    """Somebody changed the thing since the caller read it: read again and decide anew."""

    code = "revision_passed"


class PhotoMissing(Conflict):
    """The step needs a photo that was not given."""

    code = "photo_missing"


class BadPhoto(InvalidInput):
    """The file is not a picture that can be kept as evidence."""

    code = "bad_photo"


class EvidenceDamaged(Fault):
    """A stored picture is not what was stored."""

    code = "evidence_damaged"
