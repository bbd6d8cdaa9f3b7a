"""The people of the organisation: what each does, from where, when, and with which tools."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from trailwatch.simulate.chance import stable_hex
from trailwatch.simulate.stock import DEV, HOME, OFFICE, PROD, SECOND, SECURITY


@dataclass(frozen=True)
class Work:
    """A permission set in an account and the calls made with it, the most usual first."""

    account: str
    permission_set: str
    calls: tuple[str, ...]
    share: float = 1.0
    refused: tuple[str, ...] = ()
    regions: tuple[str, ...] = (HOME,)


@dataclass(frozen=True)
class Person:
    """One person with a rhythm of work."""

    email: str
    zone: str
    hours: tuple[float, float]
    volume: float
    works: tuple[Work, ...]
    home: str
    mobile: str
    system: str = "mac"
    console: float = 0.3
    client: str = "cli"
    office_days: tuple[int, ...] = (1, 2, 3)
    vpn: float = 0.15
    away: tuple[tuple[date, date], ...] = ()
    on_call: tuple[date, ...] = ()  # Saturdays of weekends on call
    until: date = date(2099, 1, 1)
    since: date = date(2025, 1, 1)

    @property
    def short(self) -> str:
        """Return the name before the @."""
        return self.email.split("@")[0]


def _calls(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_BUILD = """ecs:DescribeServices logs:FilterLogEvents lambda:GetFunction20150331v2 cloudformation:DescribeStacks logs:DescribeLogGroups ecs:ListTasks
 dynamodb:DescribeTable lambda:ListFunctions20150331 sqs:GetQueueAttributes monitoring:DescribeAlarms ecs:UpdateService ec2:DescribeInstances s3:ListBuckets
 secretsmanager:GetSecretValue ssm:GetParameter lambda:UpdateFunctionCode20150331v2 logs:DescribeLogStreams ecs:DescribeTasks cloudformation:DescribeStackEvents dynamodb:ListTables
 ecr:DescribeImages monitoring:GetMetricData sqs:ListQueues ec2:DescribeSecurityGroups logs:StartQuery logs:GetQueryResults"""
_LOOK = """monitoring:GetMetricData ecs:DescribeServices monitoring:DescribeAlarms logs:FilterLogEvents ec2:DescribeInstances ecs:ListServices rds:DescribeDBInstances
 logs:DescribeLogGroups elasticloadbalancing:DescribeTargetHealth lambda:ListFunctions20150331 ecs:DescribeTasks cloudformation:DescribeStacks"""
_BUILD_CALLS, _LOOK_CALLS = _calls(_BUILD), _calls(_LOOK)


def _build(share: float = 1.0, first: str = "") -> Work:
    ordered = tuple(
        sorted(_BUILD_CALLS, key=lambda call: (not call.startswith(tuple(first.split())) if first else False,))
    )
    return Work(DEV, "Developer", ordered, share, refused=("iam:ListRoles", "kms:Decrypt"))


def _look(share: float) -> Work:
    return Work(PROD, "ReadOnlyAccess", _LOOK_CALLS, share, refused=("secretsmanager:GetSecretValue",))


_PLATFORM = _calls("""ec2:DescribeInstances ecs:DescribeServices autoscaling:DescribeAutoScalingGroups elasticloadbalancing:DescribeTargetHealth monitoring:DescribeAlarms
 ec2:DescribeSecurityGroups ecs:UpdateService cloudformation:DescribeStacks ssm:GetParameters ec2:DescribeSubnets rds:DescribeDBInstances ecs:DescribeTaskDefinition
 elasticloadbalancing:DescribeLoadBalancers ec2:DescribeLaunchTemplates autoscaling:StartInstanceRefresh ec2:CreateTags monitoring:PutMetricAlarm""")
_DATA = _calls("""athena:StartQueryExecution athena:GetQueryExecution glue:GetTables athena:GetQueryResults glue:GetJobRuns glue:GetPartitions s3:GetBucketLocation glue:StartJobRun
 glue:GetDatabases logs:GetLogEvents glue:GetTable athena:ListWorkGroups redshift:DescribeClusters glue:UpdateTable glue:GetCrawlers s3:ListBuckets monitoring:GetMetricData""")
_OPERATE = _calls("""ec2:DescribeInstances monitoring:DescribeAlarms ecs:DescribeServices autoscaling:DescribeAutoScalingGroups monitoring:GetMetricData logs:FilterLogEvents ssm:DescribeInstanceInformation
 elasticloadbalancing:DescribeTargetHealth ec2:DescribeInstanceStatus ecs:UpdateService rds:DescribeDBInstances autoscaling:DescribeScalingActivities ec2:RebootInstances ssm:GetCommandInvocation rds:DescribeEvents
 backup:ListBackupJobs ec2:DescribeVolumes ssm:ListCommandInvocations autoscaling:SetDesiredCapacity rds:RebootDBInstance health:DescribeEventAggregates""")
_ADMIN = _calls("""organizations:ListAccounts iam:ListRoles iam:GetRole sso:ListPermissionSets iam:ListUsers organizations:DescribeOrganization cloudtrail:DescribeTrails sso:ListAccountAssignments iam:ListAttachedRolePolicies
 ce:GetCostAndUsage iam:GetAccountSummary organizations:ListPolicies s3:ListBuckets budgets:DescribeBudgets iam:ListPolicies support:DescribeTrustedAdvisorChecks cloudtrail:GetTrailStatus servicequotas:ListServiceQuotas""")
_AUDIT = _calls("""guardduty:ListFindings securityhub:GetFindings guardduty:GetFindings access-analyzer:ListFindingsV2 config:DescribeComplianceByConfigRule cloudtrail:LookupEvents iam:GenerateCredentialReport
 iam:GetCredentialReport config:GetResourceConfigHistory securityhub:BatchUpdateFindings iam:ListUsers cloudtrail:GetTrailStatus s3:GetBucketPolicy ec2:DescribeSecurityGroups guardduty:GetDetector iam:GetAccountPasswordPolicy""")
_ANALYSE = _calls("""athena:StartQueryExecution athena:GetQueryExecution athena:GetQueryResults quicksight:DescribeDashboard glue:GetTables quicksight:ListDashboards glue:GetDatabases athena:ListWorkGroups
 athena:ListDataCatalogs athena:ListNamedQueries s3:GetBucketLocation quicksight:CreateIngestion glue:GetTable""")
_REPORT = _calls("""athena:GetQueryExecution athena:StartQueryExecution lambda:GetFunction20150331v2 ses:GetSendQuota glue:GetTables logs:FilterLogEvents s3:GetBucketLocation athena:GetQueryResults lambda:UpdateFunctionCode20150331v2
 secretsmanager:DescribeSecret monitoring:DescribeAlarms lambda:ListFunctions20150331""")


# What anybody looks at once in a while: new things happen on quiet days too.
CURIOUS = _calls("""ec2:DescribeTags ec2:DescribeAvailabilityZones sns:ListTopics acm:ListCertificates monitoring:ListMetrics
    application-autoscaling:DescribeScalableTargets wafv2:ListWebACLs cloudfront:ListDistributions
    ecs:DescribeClusters ecr:DescribeRepositories lambda:ListLayers20181031 ec2:DescribeAddresses
    ec2:DescribeRouteTables ec2:DescribeNatGateways ec2:DescribeNetworkInterfaces states:ListStateMachines
    tag:GetResources glue:GetJobs health:DescribeEventAggregates monitoring:ListDashboards
    codebuild:BatchGetBuilds sns:GetTopicAttributes rds:DescribeDBClusters
    lambda:GetFunctionConfiguration20150331v2 dynamodb:DescribeContinuousBackups""")


def _away(month: int, day: int, days: int) -> tuple[date, date]:
    return date(2026, month, day), date.fromordinal(date(2026, month, day).toordinal() + days - 1)


PEOPLE: tuple[Person, ...] = (
    Person(
        "alice@example.com",
        "Europe/Berlin",
        (8.6, 17.8),
        17,
        (Work(PROD, "PlatformEngineer", _PLATFORM, 0.6, refused=("kms:Decrypt",)), _build(0.4, "ecs cloudformation")),
        "87.123.41",
        "80.187.84",
        away=(_away(6, 22, 5),),
    ),
    Person(
        "bob@example.com",
        "Europe/Berlin",
        (9.0, 18.0),
        18,
        (Work(PROD, "DataEngineer", _DATA, refused=("s3:GetBucketPolicy",)),),
        "94.31.86",
        "80.187.101",
        client="boto3",
        console=0.15,
        office_days=(0, 2, 4),
    ),
    Person(
        "carol@example.com",
        "Europe/Lisbon",
        (9.0, 18.2),
        15,
        (_build(0.75, "lambda sqs"), _look(0.25)),
        "85.240.112",
        "95.136.20",
        console=0.2,
        office_days=(),
        vpn=0.3,
        away=(_away(6, 10, 3),),
    ),
    Person(
        "dave@example.com",
        "Europe/Berlin",
        (8.8, 17.6),
        17,
        (_build(0.8, "dynamodb logs"), _look(0.2)),
        "91.64.133",
        "80.187.84",
        console=0.55,
        system="windows",
        office_days=(0, 1, 2, 3),
    ),
    Person(
        "erin@example.com",
        "Europe/Berlin",
        (8.5, 18.5),
        18,
        (Work(PROD, "Operations", _OPERATE, 0.8, refused=("iam:ListRoles",)), Work(DEV, "Operations", _OPERATE, 0.2)),
        "87.123.90",
        "80.187.101",
        console=0.4,
        on_call=(date(2026, 6, 13), date(2026, 6, 27), date(2026, 7, 11), date(2026, 7, 25), date(2026, 8, 8)),
    ),
    Person(
        "frank@example.com",
        "Europe/Berlin",
        (7.5, 16.2),
        11,
        (Work(PROD, "Reporting", _REPORT, 0.7), _build(0.3, "lambda")),
        "78.94.17",
        "80.187.84",
        system="linux",
        console=0.35,
        away=(_away(7, 6, 5),),
    ),
    Person(
        "grace@example.com",
        "Europe/Berlin",
        (9.2, 18.6),
        15,
        (Work(SECURITY, "AdministratorAccess", _ADMIN, 0.65), Work(PROD, "AdministratorAccess", _ADMIN, 0.35)),
        "91.64.58",
        "80.187.101",
        console=0.7,
    ),
    Person(
        "heidi@example.com",
        "America/New_York",
        (9.0, 17.5),
        13,
        (Work(PROD, "DataAnalyst", _ANALYSE, refused=("glue:GetJobs",)),),
        "72.229.28",
        "174.194.130",
        system="windows",
        console=0.85,
        office_days=(),
        vpn=0.25,
    ),
    Person(
        "ivan@example.com",
        "Europe/Berlin",
        (8.9, 17.9),
        16,
        (
            Work(SECURITY, "SecurityAudit", _AUDIT, 0.6),
            Work(PROD, "SecurityAudit", _AUDIT, 0.4, regions=(HOME, HOME, HOME, SECOND)),
        ),
        "94.31.120",
        "80.187.84",
        system="linux",
        console=0.5,
        away=(_away(8, 3, 5),),
    ),
    Person(
        "mallory-contractor@partner.example",
        "Europe/Berlin",
        (9.5, 17.0),
        12,
        (_build(1.0, "s3 lambda"),),
        "46.114.5",
        "46.114.201",
        office_days=(1,),
        vpn=0.2,
        until=date(2026, 7, 17),
        since=date(2025, 11, 3),
    ),
)


def cast(count: int | None, scale: float) -> tuple[Person, ...]:
    """Return the people of a world; beyond the ten with names they are like them, under numbers."""
    wanted = count if count is not None else max(len(PEOPLE), round(len(PEOPLE) * scale**0.5))
    everybody = list(PEOPLE[:wanted])
    for number in range(len(PEOPLE), wanted):
        like = PEOPLE[number % (len(PEOPLE) - 1)]
        place = int(stable_hex(6, "home", number), 16)
        everybody.append(
            replace(
                like,
                email=f"p{number:04d}@example.com",
                home=f"{87 + place % 8}.{place // 8 % 250}.{place // 2048 % 250}",
                away=(),
                on_call=(),
            )
        )
    return tuple(replace(person, volume=person.volume * max(1.0, scale**0.5)) for person in everybody)


def address(person: Person, place: str, number: int) -> str:
    """Return a person's address at a place; a home keeps its /24 and changes its last number at times."""
    last = int(stable_hex(4, person.email, place, number), 16) % 250 + 2
    return f"{ {'office': OFFICE, 'home': person.home, 'mobile': person.mobile, 'vpn': '91.198.174'}[place] }.{last}".replace(
        " ", ""
    )
