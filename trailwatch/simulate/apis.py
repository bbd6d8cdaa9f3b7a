"""The calls that this organisation makes, with the parameters and answers CloudTrail writes for each."""

from __future__ import annotations

from typing import Any

Template = dict[str, Any] | None

# What needs no parameters stands as None; words in <> are drawn from the account's stock.
READS: dict[str, Template] = {
    "ec2:DescribeInstances": {"filterSet": {}, "instancesSet": {"items": [{"instanceId": "<instance>"}]}},
    "ec2:DescribeInstanceStatus": {"instancesSet": {"items": [{"instanceId": "<instance>"}]}, "filterSet": {}, "includeAllInstances": False},
    "ec2:DescribeVolumes": {"volumeSet": {}, "filterSet": {}}, "ec2:DescribeVpcs": {"vpcSet": {}, "filterSet": {}},
    "ec2:DescribeSubnets": {"subnetSet": {}, "filterSet": {"items": [{"name": "vpc-id", "valueSet": {"items": [{"value": "<vpc>"}]}}]}},
    "ec2:DescribeSecurityGroups": {"securityGroupSet": {}, "securityGroupIdSet": {"items": [{"groupId": "<group>"}]}, "filterSet": {}},
    "ec2:DescribeSnapshots": {"snapshotSet": {}, "ownersSet": {"items": [{"owner": "self"}]}, "filterSet": {}},
    "ec2:DescribeImages": {"ownersSet": {"items": [{"owner": "self"}]}, "imagesSet": {}, "filterSet": {}},
    "ec2:DescribeRegions": {"regionSet": {}}, "ec2:DescribeAddresses": {"publicIpsSet": {}, "filterSet": {}}, "ec2:DescribeKeyPairs": {"keySet": {}, "filterSet": {}},
    "ec2:DescribeRouteTables": {"routeTableIdSet": {}, "filterSet": {}}, "ec2:DescribeNetworkInterfaces": {"networkInterfaceIdSet": {}, "filterSet": {}},
    "ec2:DescribeLaunchTemplates": {"DescribeLaunchTemplatesRequest": ""}, "ec2:DescribeFlowLogs": {"DescribeFlowLogsRequest": ""},
    "ec2:DescribeAvailabilityZones": {"availabilityZoneSet": {}}, "ec2:DescribeTags": {"filterSet": {}}, "ec2:DescribeNatGateways": {"DescribeNatGatewaysRequest": ""},
    "ec2:DescribeInstanceAttribute": {"instanceId": "<instance>", "attribute": "userData"},
    "ec2:DescribeSnapshotAttribute": {"snapshotId": "<snapshot>", "attributeType": "CREATE_VOLUME_PERMISSION"},
    "autoscaling:DescribeAutoScalingGroups": {"autoScalingGroupNames": ["<asg>"]}, "autoscaling:DescribeScalingActivities": {"autoScalingGroupName": "<asg>"},
    "elasticloadbalancing:DescribeLoadBalancers": None, "elasticloadbalancing:DescribeTargetHealth": {"targetGroupArn": "arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/shop/6d0ecf831eec9f09"},
    "elasticloadbalancing:DescribeTargetGroups": None,
    "lambda:ListFunctions20150331": None, "lambda:GetFunction20150331v2": {"functionName": "<function>"}, "lambda:GetFunctionConfiguration20150331v2": {"functionName": "<function>"},
    "lambda:ListEventSourceMappings20150331": None, "lambda:GetPolicy20150331v2": {"functionName": "<function>"}, "lambda:ListLayers20181031": None,
    "logs:DescribeLogGroups": {"limit": 50}, "logs:DescribeLogStreams": {"logGroupName": "<loggroup>", "orderBy": "LastEventTime", "descending": True},
    "logs:FilterLogEvents": {"logGroupName": "<loggroup>", "limit": 100}, "logs:GetLogEvents": {"logGroupName": "<loggroup>", "logStreamName": "2026/07/[$LATEST]<stream>"},
    "logs:GetQueryResults": {"queryId": "<query>"}, "dynamodb:DescribeTable": {"tableName": "<table>"}, "dynamodb:ListTables": None, "dynamodb:DescribeContinuousBackups": {"tableName": "<table>"},
    "sqs:ListQueues": {"maxResults": 100}, "sqs:GetQueueAttributes": {"queueUrl": "<queue>", "attributeNames": ["All"]}, "sns:ListTopics": None, "sns:GetTopicAttributes": {"topicArn": "<topic>"},
    "s3:ListBuckets": {"Host": "s3.<region>.amazonaws.com"}, "s3:GetBucketLocation": {"bucketName": "<bucket>", "location": "", "Host": "<bucket>.s3.<region>.amazonaws.com"},
    "s3:GetBucketPolicy": {"bucketName": "<bucket>", "policy": "", "Host": "<bucket>.s3.<region>.amazonaws.com"}, "s3:GetBucketAcl": {"bucketName": "<bucket>", "acl": "", "Host": "<bucket>.s3.<region>.amazonaws.com"},
    "s3:GetBucketVersioning": {"bucketName": "<bucket>", "versioning": "", "Host": "<bucket>.s3.<region>.amazonaws.com"}, "s3:GetBucketTagging": {"bucketName": "<bucket>", "tagging": "", "Host": "<bucket>.s3.<region>.amazonaws.com"},
    "s3:GetBucketEncryption": {"bucketName": "<bucket>", "encryption": "", "Host": "<bucket>.s3.<region>.amazonaws.com"}, "s3:GetBucketLogging": {"bucketName": "<bucket>", "logging": "", "Host": "<bucket>.s3.<region>.amazonaws.com"},
    "s3:GetBucketPublicAccessBlock": {"bucketName": "<bucket>", "publicAccessBlock": "", "Host": "<bucket>.s3.<region>.amazonaws.com"},
    "cloudformation:DescribeStacks": {"stackName": "<stack>"}, "cloudformation:DescribeStackEvents": {"stackName": "<stack>"}, "cloudformation:ListStacks": None,
    "ecs:DescribeServices": {"cluster": "<cluster>", "services": ["<service>"]}, "ecs:ListTasks": {"cluster": "<cluster>", "serviceName": "<service>"}, "ecs:DescribeTasks": {"cluster": "<cluster>", "tasks": ["<task>"]},
    "ecs:ListServices": {"cluster": "<cluster>"}, "ecs:DescribeClusters": {"clusters": ["<cluster>"]}, "ecs:DescribeTaskDefinition": {"taskDefinition": "<service>"},
    "ecr:DescribeRepositories": None, "ecr:DescribeImages": {"repositoryName": "<repository>"}, "ecr:GetAuthorizationToken": None, "ecr:BatchCheckLayerAvailability": {"repositoryName": "<repository>"},
    "monitoring:DescribeAlarms": {"maxRecords": 100}, "monitoring:GetMetricData": {"maxDatapoints": 1000}, "monitoring:ListMetrics": {"namespace": "AWS/ECS"}, "monitoring:ListDashboards": None,
    "ssm:GetParameter": {"name": "<parameter>", "withDecryption": True}, "ssm:GetParameters": {"names": ["<parameter>"], "withDecryption": True}, "ssm:DescribeParameters": {"maxResults": 50},
    "ssm:DescribeInstanceInformation": {"maxResults": 50}, "ssm:ListCommandInvocations": {"commandId": "<uuid>", "details": True}, "ssm:GetCommandInvocation": {"commandId": "<uuid>", "instanceId": "<instance>"},
    "secretsmanager:GetSecretValue": {"secretId": "<secret>"}, "secretsmanager:DescribeSecret": {"secretId": "<secret>"}, "secretsmanager:ListSecrets": {"maxResults": 100},
    "kms:Decrypt": {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "keyId": "arn:aws:kms:<region>:<account>:key/<key>"}, "kms:DescribeKey": {"keyId": "<key>"}, "kms:ListAliases": {"limit": 100}, "kms:ListGrants": {"keyId": "<key>", "limit": 50},
    "kms:GenerateDataKey": {"keyId": "arn:aws:kms:<region>:<account>:key/<key>", "keySpec": "AES_256"}, "kms:ListKeys": {"limit": 100}, "kms:GetKeyPolicy": {"keyId": "<key>", "policyName": "default"},
    "rds:DescribeDBInstances": {"dBInstanceIdentifier": "<rds>"}, "rds:DescribeDBSnapshots": {"includeShared": False, "includePublic": False}, "rds:DescribeEvents": {"sourceIdentifier": "<rds>", "sourceType": "db-instance"}, "rds:DescribeDBClusters": None,
    "glue:GetDatabases": {"maxResults": 100}, "glue:GetTables": {"databaseName": "<database>"}, "glue:GetTable": {"databaseName": "<database>", "name": "orders"}, "glue:GetPartitions": {"databaseName": "<database>", "tableName": "orders"}, "glue:GetJobRuns": {"jobName": "nightly-sales"}, "glue:GetJobs": None, "glue:GetCrawlers": None,
    "athena:GetQueryExecution": {"queryExecutionId": "<query>"}, "athena:GetQueryResults": {"queryExecutionId": "<query>"}, "athena:ListWorkGroups": None, "athena:ListQueryExecutions": {"workGroup": "<workgroup>"}, "athena:GetWorkGroup": {"workGroup": "<workgroup>"}, "athena:ListDataCatalogs": None, "athena:ListNamedQueries": {"workGroup": "<workgroup>"},
    "quicksight:DescribeDashboard": None, "quicksight:ListDashboards": None, "redshift:DescribeClusters": None, "states:ListStateMachines": None, "states:DescribeExecution": {"executionArn": "arn:aws:states:<region>:<account>:execution:quarter-close:<uuid>"},
    "iam:ListUsers": None, "iam:ListRoles": {"maxItems": 100}, "iam:GetRole": {"roleName": "<role>"}, "iam:GetUser": None, "iam:ListAttachedRolePolicies": {"roleName": "<role>"}, "iam:ListRolePolicies": {"roleName": "<role>"}, "iam:GetRolePolicy": {"roleName": "<role>", "policyName": "inline"},
    "iam:ListAccessKeys": {"userName": "svc-reports"}, "iam:GetAccountSummary": None, "iam:GetAccountAuthorizationDetails": {"filter": ["User", "Role"]}, "iam:GetCredentialReport": None, "iam:ListPolicies": {"scope": "Local", "onlyAttached": False}, "iam:GetPolicy": {"policyArn": "arn:aws:iam::<account>:policy/shop-deploy"}, "iam:GetPolicyVersion": {"policyArn": "arn:aws:iam::<account>:policy/shop-deploy", "versionId": "v4"},
    "iam:ListGroups": None, "iam:ListMFADevices": None, "iam:ListAccountAliases": None, "iam:ListAttachedUserPolicies": {"userName": "svc-reports"}, "iam:ListUserPolicies": {"userName": "svc-reports"}, "iam:ListInstanceProfiles": None, "iam:GetAccountPasswordPolicy": None, "iam:ListOpenIDConnectProviders": None, "iam:GetLoginProfile": {"userName": "break-fix"},
    "organizations:ListAccounts": None, "organizations:DescribeOrganization": None, "organizations:ListPolicies": {"filter": "SERVICE_CONTROL_POLICY"}, "sso:ListPermissionSets": {"instanceArn": "arn:aws:sso:::instance/ssoins-6987ab12cd34ef56"}, "sso:ListAccountAssignments": {"instanceArn": "arn:aws:sso:::instance/ssoins-6987ab12cd34ef56", "accountId": "<account>"}, "sso:ListInstances": None,
    "guardduty:ListFindings": {"detectorId": "<detector>"}, "guardduty:GetFindings": {"detectorId": "<detector>", "findingIds": ["<hex32>"]}, "guardduty:ListDetectors": None, "guardduty:GetDetector": {"detectorId": "<detector>"}, "securityhub:GetFindings": {"MaxResults": 100}, "securityhub:DescribeHub": None,
    "config:DescribeConfigurationRecorders": None, "config:DescribeComplianceByConfigRule": None, "config:GetResourceConfigHistory": {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "<group>"}, "config:DescribeConfigurationRecorderStatus": None,
    "cloudtrail:LookupEvents": {"maxResults": 50}, "cloudtrail:DescribeTrails": {"trailNameList": []}, "cloudtrail:GetTrailStatus": {"name": "org-trail"}, "cloudtrail:GetEventSelectors": {"trailName": "org-trail"}, "cloudtrail:ListTrails": None,
    "access-analyzer:ListFindingsV2": {"analyzerArn": "arn:aws:access-analyzer:<region>:<account>:analyzer/org"}, "access-analyzer:ListAnalyzers": None, "tag:GetResources": {"resourcesPerPage": 100}, "ce:GetCostAndUsage": {"granularity": "DAILY", "metrics": ["UnblendedCost"]}, "budgets:DescribeBudgets": {"accountId": "<account>"}, "support:DescribeTrustedAdvisorChecks": {"language": "en"}, "servicequotas:ListServiceQuotas": {"serviceCode": "ec2"}, "health:DescribeEventAggregates": {"aggregateField": "eventTypeCategory"},
    "sts:GetCallerIdentity": None, "backup:ListBackupJobs": None, "backup:ListRecoveryPoints": None, "route53:ListHostedZones": None, "acm:ListCertificates": None, "ses:GetSendQuota": None, "codebuild:BatchGetBuilds": {"ids": ["infra:<uuid>"]}, "application-autoscaling:DescribeScalableTargets": {"serviceNamespace": "ecs"}, "wafv2:ListWebACLs": {"scope": "REGIONAL", "limit": 100}, "cloudfront:ListDistributions": None,
}

WRITES: dict[str, tuple[Template, Template]] = {
    "lambda:UpdateFunctionCode20150331v2": ({"functionName": "<function>", "publish": True, "dryRun": False}, {"functionName": "<function>", "functionArn": "arn:aws:lambda:<region>:<account>:function:<function>", "runtime": "python3.12", "lastUpdateStatus": "InProgress"}),
    "lambda:UpdateFunctionConfiguration20150331v2": ({"functionName": "<function>", "memorySize": 512}, {"functionName": "<function>", "memorySize": 512}),
    "lambda:PublishVersion20150331": ({"functionName": "<function>"}, {"functionName": "<function>", "version": "14"}),
    "ecs:UpdateService": ({"cluster": "<cluster>", "service": "<service>", "forceNewDeployment": True}, {"service": {"serviceName": "<service>", "status": "ACTIVE", "desiredCount": 2}}),
    "ecs:RegisterTaskDefinition": ({"family": "<service>", "networkMode": "awsvpc", "containerDefinitions": []}, {"taskDefinition": {"family": "<service>", "revision": 31, "status": "ACTIVE"}}),
    "ecs:RunTask": ({"cluster": "<cluster>", "taskDefinition": "<service>", "count": 1}, {"tasks": [{"taskArn": "arn:aws:ecs:<region>:<account>:task/<cluster>/<hex32>"}], "failures": []}),
    "ecr:InitiateLayerUpload": ({"repositoryName": "<repository>"}, {"uploadId": "<uuid>", "partSize": 10485760}), "ecr:CompleteLayerUpload": ({"repositoryName": "<repository>", "uploadId": "<uuid>"}, {"repositoryName": "<repository>", "layerDigest": "sha256:<hex64>"}),
    "ecr:PutImage": ({"repositoryName": "<repository>", "imageTag": "<hex8>"}, {"image": {"repositoryName": "<repository>", "imageId": {"imageTag": "<hex8>"}}}),
    "logs:StartQuery": ({"logGroupName": "<loggroup>", "queryString": "fields @timestamp, @message | limit 50"}, {"queryId": "<query>"}), "logs:CreateLogStream": ({"logGroupName": "<loggroup>", "logStreamName": "app/<hex8>"}, None), "logs:PutRetentionPolicy": ({"logGroupName": "<loggroup>", "retentionInDays": 90}, None),
    "athena:StartQueryExecution": ({"queryString": "HIDDEN_DUE_TO_SECURITY_REASONS", "workGroup": "<workgroup>", "queryExecutionContext": {"database": "<database>"}}, {"queryExecutionId": "<query>"}),
    "glue:StartJobRun": ({"jobName": "nightly-sales"}, {"jobRunId": "jr_<hex32>"}), "glue:UpdateTable": ({"databaseName": "<database>", "tableInput": {"name": "orders"}}, None), "glue:BatchCreatePartition": ({"databaseName": "<database>", "tableName": "orders"}, None),
    "ec2:RebootInstances": ({"instancesSet": {"items": [{"instanceId": "<instance>"}]}}, {"requestId": "<request>", "_return": True}), "ec2:CreateTags": ({"resourcesSet": {"items": [{"resourceId": "<instance>"}]}, "tagSet": {"items": [{"key": "owner", "value": "shop"}]}}, {"requestId": "<request>", "_return": True}),
    "ec2:StartInstances": ({"instancesSet": {"items": [{"instanceId": "<instance>"}]}}, {"requestId": "<request>", "instancesSet": {"items": [{"instanceId": "<instance>", "currentState": {"code": 0, "name": "pending"}, "previousState": {"code": 80, "name": "stopped"}}]}}),
    "ec2:StopInstances": ({"instancesSet": {"items": [{"instanceId": "<instance>"}]}, "force": False}, {"requestId": "<request>", "instancesSet": {"items": [{"instanceId": "<instance>", "currentState": {"code": 64, "name": "stopping"}, "previousState": {"code": 16, "name": "running"}}]}}),
    "ec2:RunInstances": ({"instancesSet": {"items": [{"imageId": "ami-0b5673b5f6e8f7fa7", "minCount": 1, "maxCount": 1}]}, "instanceType": "m6g.large", "launchTemplate": {"launchTemplateName": "shop-web"}}, {"requestId": "<request>", "reservationId": "r-0<hex16>", "ownerId": "<account>", "instancesSet": {"items": [{"instanceId": "i-0<hex16>", "instanceType": "m6g.large"}]}}),
    "ec2:TerminateInstances": ({"instancesSet": {"items": [{"instanceId": "<instance>"}]}}, {"requestId": "<request>", "instancesSet": {"items": [{"instanceId": "<instance>", "currentState": {"code": 32, "name": "shutting-down"}}]}}),
    "ec2:CreateSnapshot": ({"volumeId": "<volume>", "tagSpecificationSet": {"items": [{"resourceType": "snapshot", "tags": [{"key": "aws:backup:source-resource", "value": "<volume>"}]}]}}, {"requestId": "<request>", "snapshotId": "snap-0<hex16>", "volumeId": "<volume>", "status": "pending", "ownerId": "<account>", "volumeSize": "100", "encrypted": True}),
    "ec2:DeleteSnapshot": ({"snapshotId": "snap-0<hex16>"}, {"requestId": "<request>", "_return": True}), "ec2:CopySnapshot": ({"sourceRegion": "eu-central-1", "sourceSnapshotId": "<snapshot>"}, {"requestId": "<request>", "snapshotId": "snap-0<hex16>"}),
    "rds:RebootDBInstance": ({"dBInstanceIdentifier": "<rds>", "forceFailover": False}, {"dBInstanceIdentifier": "<rds>", "dBInstanceStatus": "rebooting"}), "rds:CreateDBSnapshot": ({"dBInstanceIdentifier": "<rds>", "dBSnapshotIdentifier": "<rds>-<hex8>"}, {"dBSnapshotIdentifier": "<rds>-<hex8>", "status": "creating"}),
    "autoscaling:SetDesiredCapacity": ({"autoScalingGroupName": "<asg>", "desiredCapacity": 4, "honorCooldown": False}, None), "autoscaling:StartInstanceRefresh": ({"autoScalingGroupName": "<asg>"}, {"instanceRefreshId": "<uuid>"}), "autoscaling:CompleteLifecycleAction": ({"autoScalingGroupName": "<asg>", "lifecycleActionResult": "CONTINUE"}, None),
    "ssm:UpdateInstanceInformation": ({"instanceId": "<instance>", "agentVersion": "3.3.2299.0", "platformName": "Amazon Linux"}, None), "ssm:PutParameter": ({"name": "<parameter>", "type": "String", "overwrite": True, "value": "HIDDEN_DUE_TO_SECURITY_REASONS"}, {"version": 12, "tier": "Standard"}), "ssm:TerminateSession": ({"sessionId": "erin-0<hex16>"}, {"sessionId": "erin-0<hex16>"}),
    "monitoring:PutMetricAlarm": ({"alarmName": "<alarm>", "threshold": 5, "evaluationPeriods": 3}, None), "cloudformation:CreateChangeSet": ({"stackName": "<stack>", "changeSetName": "ci-<hex8>"}, {"id": "arn:aws:cloudformation:<region>:<account>:changeSet/ci-<hex8>/<uuid>"}), "cloudformation:ExecuteChangeSet": ({"stackName": "<stack>", "changeSetName": "ci-<hex8>"}, None),
    "iam:GenerateCredentialReport": (None, {"state": "STARTED"}), "dynamodb:UpdateTable": ({"tableName": "<table>", "billingMode": "PAY_PER_REQUEST"}, {"tableDescription": {"tableName": "<table>", "tableStatus": "UPDATING"}}), "dynamodb:CreateBackup": ({"tableName": "<table>", "backupName": "<table>-<hex8>"}, {"backupDetails": {"backupStatus": "CREATING"}}),
    "ses:SendRawEmail": ({"destinations": ["HIDDEN_DUE_TO_SECURITY_REASONS"]}, None), "securityhub:BatchUpdateFindings": ({"Workflow": {"Status": "NOTIFIED"}}, {"UnprocessedFindings": []}), "quicksight:CreateIngestion": (None, None), "backup:StartBackupJob": ({"backupVaultName": "Default", "resourceArn": "arn:aws:ec2:<region>:<account>:volume/<volume>"}, {"backupJobId": "<uuid>"}),
    "codebuild:StartBuild": ({"projectName": "infra"}, {"build": {"id": "infra:<uuid>", "buildStatus": "IN_PROGRESS"}}),
}

# Calls whose name does not say whether they only read.
READ_ONLY = {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity", "kms:Decrypt", "kms:GenerateDataKey", "signin:UserAuthentication"}
GLOBAL_SERVICES = {"iam", "organizations", "route53", "cloudfront", "budgets", "ce", "support", "health"}


def read_only(service: str, name: str) -> bool:
    """Say whether CloudTrail calls this call read-only."""
    if name in {"GetSessionToken", "GetFederationToken", "GetSigninToken"}:
        return False
    return f"{service}:{name}" in READ_ONLY or name.startswith(("Describe", "Get", "List", "Lookup", "BatchGet", "BatchCheck", "Filter", "Head"))


def template(api: str) -> tuple[Template, Template]:
    """Return the templates of a call's parameters and answer."""
    return WRITES[api] if api in WRITES else (READS[api], None)
