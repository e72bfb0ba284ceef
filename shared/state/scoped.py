"""Credentials that reach one run only, where the store has STS (Amazon S3, MinIO, Ceph; not R2).

The role's own policy is cut down by a session policy: what both allow is what the worker may do.
Source: AWS STS AssumeRole, "Session policies"; IAM condition key s3:prefix.
"""

import json
from typing import Any

from shared.settings import Bucket
from shared.state.driver import StoreUnavailable
from shared.state.keys import run_prefix, workspace_prefix
from shared.state.runs import RunRef

SHORTEST_S, LONGEST_S = 900, 43_200  # what STS allows


def session_policy(bucket: Bucket, ref: RunRef) -> dict[str, Any]:
    """What the worker of one run may do: its run's objects, its workspace's datasets, and closing its books; nothing of other
    runs or workspaces, no listing outside the run. A function that has children, or makes datasets (import_dataset), needs more than this."""
    place = f"arn:aws:s3:::{bucket.name}"
    root = f"{place}/{bucket.prefix}/" if bucket.prefix else f"{place}/"
    run, workspace = run_prefix(ref.workspace, ref.id), workspace_prefix(ref.workspace)
    folder = f"{bucket.prefix}/{run}" if bucket.prefix else str(run)
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
                "Resource": [f"{root}{run}*"],
            },
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{root}{workspace}datasets/*"]},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": [f"{root}{workspace}ledger/{ref.id}.json"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:DeleteObject"],
                "Resource": [f"{root}sys/due/*.{ref.workspace}.{ref.id}"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
                "Resource": [place],
                "Condition": {"StringLike": {"s3:prefix": [f"{folder}*"]}},
            },
        ],
    }


def scoped_credentials(bucket: Bucket, ref: RunRef, role: str, seconds: int = LONGEST_S) -> dict[str, str]:
    """Keys for `S3Driver` that expire after `seconds` (900 to 43,200, and no more than the role allows). StoreUnavailable."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.client("sts", endpoint_url=bucket.endpoint or None, region_name=bucket.region or None)
    try:
        answer = client.assume_role(
            RoleArn=role,
            RoleSessionName=f"run-{ref.id}"[:64],
            Policy=json.dumps(session_policy(bucket, ref)),
            DurationSeconds=max(SHORTEST_S, min(seconds, LONGEST_S)),
        )
    except (BotoCoreError, ClientError) as error:
        raise StoreUnavailable(f"STS gave no credentials ({type(error).__name__}).", "See AGENTFORGE_STORE_ROLE.") from error
    keys = answer["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


