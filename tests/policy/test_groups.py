"""Groups of users by use, and resources that only part of a record tells."""

from __future__ import annotations

from pathlib import Path

import iam
import pytest
import trails

import trailwatch
from trailwatch.policy.patterns import HOLE
from trailwatch.policy.targets import resources

WORK = {
    "ann": ["ListBuckets", "GetBucketPolicy", "GetBucketAcl"],
    "ben": ["ListBuckets", "GetBucketPolicy", "GetBucketAcl", "GetBucketTagging"],
    "cid": ["CreateBucket", "DeleteBucket"],
}


def test_users_who_use_the_same_are_put_together(tmp_path: Path) -> None:
    records = []
    for user, names in WORK.items():
        arn = f"arn:aws:iam::{trails.ACCOUNT}:user/{user}"
        who = trails.record()["userIdentity"] | {"userName": user, "arn": arn, "principalId": f"AIDA{user.upper()}"}
        records += [
            trails.record(len(records) + n, eventName=name, userIdentity=who) for n, name in enumerate(names, 1)
        ]
    trails.Tree(tmp_path / "logs").put(trails.key(), records)
    trail = trailwatch.open(str(tmp_path / "store"), config=trailwatch.Config(), create=True)
    trail.ingest(str(tmp_path / "logs"))
    trail.settle()
    iam.Shelf(trail.store.uri).put("authorization-details", iam.details(users=[iam.user("ann")]))
    made = trail.policy("ann", suggest=True)
    (group,) = made.groups
    assert (group.users, len(group.shared), group.some) == (["ann", "ben"], 3, ["s3:GetBucketTagging"])
    assert group.groups == {"ann": ["developers"]}
    assert "ann, ben share 3 actions" in made.text()
    assert trail.policy("ann").groups == ()


@pytest.mark.parametrize(
    ("action", "asked", "resource"),
    [
        # What the name of a thing is, its id is not.
        ("cloudformation:UpdateStack", {"stackName": "shop"}, f"arn:aws:cloudformation:eu-west-1:1:stack/shop/{HOLE}"),
        ("autoscaling:StartInstanceRefresh", {"autoScalingGroupName": "web"},
         f"arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:{HOLE}:autoScalingGroupName/web"),
        # The name of a service is not that of its cluster.
        ("ecs:UpdateService", {"service": "api"}, f"arn:aws:ecs:eu-west-1:1:service/{HOLE}/api"),
        ("ecs:UpdateService", {"service": "api", "cluster": "shop"}, "arn:aws:ecs:eu-west-1:1:service/shop/api"),
        ("lambda:Invoke", {"functionName": "f"}, "*"),
        ("lambda:InvokeFunction", {"functionName": "f"}, "arn:aws:lambda:eu-west-1:1:function:f"),
    ],
)  # fmt: skip
def test_a_parameter_fills_its_own_place(action: str, asked: dict[str, str], resource: str) -> None:
    assert resources(action, (), asked, account="1", region="eu-west-1") == (resource,)
