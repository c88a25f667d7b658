"""Every exception Mien raises.

    MienError
      PhotoError              this file gives no photo; carries a reason code
      WeightsError            model weights cannot be had
        WeightsMismatchError  the bytes are not the ones the model card names
      ModelError              a model is unknown, or its file does not run
        LicenceNotAcceptedError  its licence is to be accepted first
      IndexStateError         an index was given what does not fit it
      VaultError              something at rest cannot be read
        RootKeyError          the root key is missing, malformed or readable by others
        KeyDestroyedError     the key is gone, and what it sealed with it
        TamperedError         sealed bytes are damaged or stand in the wrong place
      CatalogError            the catalog cannot be used
        NotFoundError         nothing of that name
        ConflictError         the name is taken, or the setting cannot change
          GroupFullError        a face group has as many faces as it may
        AuditError            a part of the audit log is not what was signed
      SuppressionError        an opt-out cannot be kept as things stand
      EvaluationError         these photos or labels carry no figure
      SettingsError           a setting or argument has no usable value

A refusal by permission is no exception: it is a `Verdict` (mien.permission).
"""

from __future__ import annotations

__all__ = [
    "AuditError",
    "CatalogError",
    "ConflictError",
    "EvaluationError",
    "GroupFullError",
    "IndexStateError",
    "KeyDestroyedError",
    "LicenceNotAcceptedError",
    "MienError",
    "ModelError",
    "NotFoundError",
    "PhotoError",
    "RootKeyError",
    "SettingsError",
    "SuppressionError",
    "TamperedError",
    "VaultError",
    "WeightsError",
    "WeightsMismatchError",
]


class MienError(Exception):
    """Base of all. The message says what happened, to what, and what to do next."""

    @property
    def code(self) -> str:
        """A stable code for programs: a photo's own, or the exception's name in kebab-case."""
        name = type(self).__name__.removesuffix("Error")
        return "".join(f"-{one.lower()}" if one.isupper() else one for one in name)[1:]


class PhotoError(MienError):
    """A file gives no photo.

    `reason` is a stable kebab-case code (docs/reference/reasons.md); the message explains it.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def code(self) -> str:
        return self.reason


class WeightsError(MienError):
    """Model weights cannot be had."""


class WeightsMismatchError(WeightsError):
    """The bytes are not the ones the model card names."""


class ModelError(MienError):
    """A model is unknown, or its file does not run."""


class LicenceNotAcceptedError(ModelError):
    """A model's licence does not allow every use, and nobody accepted it here."""


class IndexStateError(MienError):
    """An index was given what does not fit it."""


class VaultError(MienError):
    """Something at rest cannot be read."""


class RootKeyError(VaultError):
    """The root key is missing, malformed or readable by others."""


class KeyDestroyedError(VaultError):
    """The key is gone, and what it sealed with it."""


class TamperedError(VaultError):
    """Sealed bytes are damaged or stand in the wrong place."""


class CatalogError(MienError):
    """The catalog cannot be used."""


class NotFoundError(CatalogError):
    """Nothing of that name."""


class ConflictError(CatalogError):
    """The name is taken, or the setting cannot change."""


class GroupFullError(ConflictError):
    """A face group has as many faces as it may."""


class AuditError(CatalogError):
    """A part of the audit log is not what was signed."""


class SuppressionError(MienError):
    """An opt-out cannot be kept as things stand, so that nothing is added or searched."""


class EvaluationError(MienError):
    """These photos or labels carry no figure, or the model gives none that could be trusted."""


class SettingsError(MienError):
    """A setting or argument has no usable value."""
