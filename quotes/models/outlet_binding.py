"""Users bound to outlets: they file, propose and withdraw for these only."""

from uuid import UUID

from django.conf import settings
from django.db import models

from sources.models import Outlet


class OutletBinding(models.Model):
    """A user files for this outlet. A user without any files for every outlet.

    It holds an id, not a foreign key: a merge of outlets leaves it alone, and `outlets_of` follows.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="outlet_bindings", db_index=False
    )
    outlet = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["user", "outlet"], name="outlet_binding_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} files for {self.outlet}"


def outlets_of(user) -> frozenset[UUID]:
    """Ids of the outlets that a user is bound to, as they are now; empty for every outlet.

    One query, two if bound. Kept with the user, as Django keeps permissions.
    """
    if not hasattr(user, "_outlets"):
        bound = OutletBinding.objects.filter(user=user.pk).values_list("outlet", flat=True)
        user._outlets = frozenset(Outlet.objects.survivors(list(bound)).values())
    return user._outlets
