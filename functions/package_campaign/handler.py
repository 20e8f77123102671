"""Build the closing package of a settled campaign, as far as one invocation goes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from shared.use_cases.log_step import logged
from shared.wiring import campaign_log, package_builder

BUILDING: Final = 600
"""Seconds after which no further piece is begun: the machine calls again. A piece of a million orders takes some 20."""

log = logging.getLogger("livehour")


@logged("package_campaign", campaign_log)
def lambda_handler(event: Mapping[str, Any], _context: object = None) -> dict[str, Any]:
    """``{"campaign": id}``. ``complete``: whether the package is whole, or we are to be called again."""
    progress = package_builder().build(event["campaign"], seconds=BUILDING)
    log.info("%s of %s pieces of the package are kept", progress.pieces, progress.of)
    return {"complete": progress.complete, "pieces": progress.pieces}
