"""Where closing packages are kept: encrypted, private, and in production for years, whoever wants them gone."""

from __future__ import annotations

from tests.infra.template import Template


def test_packages_are_encrypted_and_private_and_reached_by_tls_only(template: Template):
    bucket = template.named_like("S3::Bucket", "Packages")["Properties"]
    policy = template.named_like("S3::BucketPolicy", "Packages")["Properties"]

    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (ownership,) = bucket["OwnershipControls"]["Rules"]
    assert ownership["ObjectOwnership"] == "BucketOwnerEnforced"
    denied = [
        statement["Condition"]
        for statement in policy["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert all(each["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1 for each in rules)


def test_in_production_packages_are_locked_for_three_years_and_go_after_that(production: Template):
    bucket = production.named_like("S3::Bucket", "Packages")["Properties"]
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "GOVERNANCE", "Days": 3 * 365}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] > retention["Days"]
    resource = production.named_like("S3::Bucket", "Packages")
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_on_a_laptop_nothing_is_locked(local: Template):
    bucket = local.named_like("S3::Bucket", "Packages")["Properties"]
    assert "ObjectLockConfiguration" not in bucket
    resource = local.named_like("S3::Bucket", "Packages")
    assert resource["DeletionPolicy"] == "Delete"


def test_packages_are_signed_with_a_key_that_anybody_can_verify(template: Template):
    key = template.named_like("KMS::Key", "Packages")["Properties"]
    assert (key["KeySpec"], key["KeyUsage"]) == ("RSA_3072", "SIGN_VERIFY")


def test_nobody_may_bypass_the_lock_or_delete_a_package(template: Template):
    actions = {
        action
        for statement in template.statements()
        for action in statement["Action"]
        for resource in statement["Resource"]
        if "Packages" in template.named(resource)
    }
    assert {action for action in actions if action.startswith("s3:")} == {
        "s3:GetObject",
        "s3:PutObject",
    }


def test_the_kept_key_outlives_the_production_stack(production: Template):
    resource = production.named_like("KMS::Key", "Packages")
    assert resource["DeletionPolicy"] == "Retain"
