"""Hand the closing package out: its files by links that S3 honours for a while, so that no function carries their bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from shared.clock import rfc3339
from shared.domain.closing_package import MANIFEST, SIGNATURE, PackageFile
from shared.domain.errors import CampaignNotFound, PackageNotBuilt
from shared.use_cases.campaign_cache import CampaignReader
from shared.use_cases.package_campaign import file_of
from shared.use_cases.package_ports import PackageFiles, PackageRecords

LINKED: Final = 900
"""Seconds for which a link is good: enough to begin every download of a large package."""


class PackageDesk:
    """Shows packages to their merchants."""

    def __init__(
        self,
        campaigns: CampaignReader,
        records: PackageRecords,
        files: PackageFiles,
        clock: Callable[[], int],
    ) -> None:
        """``clock``: seconds since 1970 UTC."""
        self._campaigns = campaigns
        self._records = records
        self._files = files
        self._clock = clock

    def links(self, campaign_id: str, merchant: str) -> dict[str, Any]:
        """Every file of the package with a link. ``CampaignNotFound``, ``PackageNotBuilt``."""
        now = self._clock()
        campaign = self._campaigns.get(campaign_id)
        if campaign.merchant != merchant:
            raise CampaignNotFound
        package = self._records.package(campaign_id)
        if package is None:
            raise PackageNotBuilt(status=campaign.status.value)
        manifest = json.loads(package.manifest)
        files = [
            file_of(MANIFEST, package.manifest.encode()),
            file_of(SIGNATURE, package.signature),
            *(PackageFile(**listed) for listed in manifest["files"]),
        ]
        return {
            "object": manifest["object"],
            "format": manifest["format"],
            "campaign": campaign_id,
            "totals_version": manifest["totals_version"],
            "public_key_sha256": manifest["signature"]["public_key_sha256"],
            "expires_at": rfc3339(now + LINKED),
            "files": [
                {
                    "name": file.name,
                    "content_type": file.content_type,
                    "size": file.size,
                    "sha256": file.sha256,
                    "rows": file.rows,
                    "url": self._files.link(campaign_id, file, seconds=LINKED),
                }
                for file in files
            ],
        }
