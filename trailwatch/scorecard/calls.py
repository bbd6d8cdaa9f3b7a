"""What people and programs call when nothing is wrong: pools by trade, and the long tail that anybody looks into."""

from __future__ import annotations

from collections.abc import Mapping


def _apis(table: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for service, names in table.items() for name in names.split())


BUILD = _apis({
    "ecs": "DescribeServices ListTasks DescribeTasks UpdateService DescribeTaskDefinition RegisterTaskDefinition",
    "logs": "FilterLogEvents DescribeLogGroups DescribeLogStreams GetLogEvents StartQuery GetQueryResults",
    "lambda": "GetFunction20150331v2 ListFunctions20150331 UpdateFunctionCode20150331v2",
    "cloudformation": "DescribeStacks DescribeStackEvents CreateChangeSet ExecuteChangeSet ListStacks",
    "sqs": "GetQueueAttributes ListQueues", "dynamodb": "DescribeTable ListTables", "monitoring": "DescribeAlarms GetMetricData",
    "ssm": "GetParameter DescribeParameters", "secretsmanager": "GetSecretValue", "s3": "ListBuckets GetBucketLocation",
})  # fmt: skip
OPERATE = _apis({
    "ec2": "DescribeInstances DescribeInstanceStatus DescribeVolumes DescribeSecurityGroups RebootInstances StartInstances "
    "StopInstances CreateTags CreateSnapshot DescribeSubnets AuthorizeSecurityGroupIngress",
    "autoscaling": "DescribeAutoScalingGroups SetDesiredCapacity DescribeScalingActivities",
    "elasticloadbalancing": "DescribeTargetHealth DescribeLoadBalancers RegisterTargets", "rds": "DescribeDBInstances RebootDBInstance DescribeEvents",
    "ssm": "DescribeInstanceInformation StartSession SendCommand GetCommandInvocation", "monitoring": "DescribeAlarms GetMetricData PutMetricAlarm",
    "backup": "ListBackupJobs", "health": "DescribeEvents", "route53": "ListHostedZones ChangeResourceRecordSets",
})  # fmt: skip
ANALYSE = _apis({
    "athena": "StartQueryExecution GetQueryExecution GetQueryResults ListWorkGroups ListNamedQueries",
    "glue": "GetTables GetDatabases GetPartitions GetJobRuns StartJobRun UpdateTable GetTable", "quicksight": "DescribeDashboard ListDashboards CreateIngestion",
    "s3": "GetBucketLocation ListBuckets", "redshift": "DescribeClusters", "logs": "GetLogEvents",
    "sagemaker": "ListTrainingJobs DescribeTrainingJob CreateTrainingJob",
})  # fmt: skip
ADMINISTER = _apis({
    "iam": "ListRoles GetRole ListUsers GetUser ListAttachedRolePolicies GetPolicy GetPolicyVersion CreateRole AttachRolePolicy "
    "TagRole CreatePolicy CreatePolicyVersion ListPolicies GetAccountSummary DeleteRole DetachRolePolicy PutRolePolicy",
    "organizations": "ListAccounts DescribeOrganization ListPolicies", "sso": "ListPermissionSets ListAccountAssignments CreateAccountAssignment",
    "cloudtrail": "DescribeTrails GetTrailStatus LookupEvents", "kms": "ListKeys DescribeKey GetKeyPolicy", "s3": "ListBuckets GetBucketPolicy",
    "ce": "GetCostAndUsage", "guardduty": "ListFindings GetFindings", "securityhub": "GetFindings BatchUpdateFindings",
})  # fmt: skip
DEPLOY = _apis({
    "cloudformation": "DescribeStacks CreateChangeSet DescribeChangeSet ExecuteChangeSet DescribeStackEvents GetTemplate",
    "ecs": "RegisterTaskDefinition UpdateService DescribeServices", "ecr": "GetAuthorizationToken DescribeImages PutImage BatchGetImage",
    "lambda": "UpdateFunctionCode20150331v2 GetFunction20150331v2 PublishVersion20150331 UpdateFunctionConfiguration20150331v2",
    "iam": "GetRole CreateRole AttachRolePolicy PassRole", "s3": "GetBucketLocation", "ssm": "GetParameters PutParameter",
    "ec2": "DescribeSubnets DescribeSecurityGroups DescribeVpcs CreateTags",
})  # fmt: skip
SERVE = _apis({
    "ssm": "GetParameters GetParametersByPath", "secretsmanager": "GetSecretValue", "dynamodb": "DescribeTable", "sqs": "GetQueueUrl GetQueueAttributes",
    "logs": "CreateLogStream DescribeLogStreams", "kms": "DescribeKey GenerateDataKey", "sts": "GetCallerIdentity", "monitoring": "ListMetrics",
    "elasticloadbalancing": "DescribeTargetHealth", "ec2": "DescribeInstances DescribeTags", "s3": "GetBucketLocation",
})  # fmt: skip
WATCH = _apis({
    "ec2": "DescribeInstances DescribeVolumes DescribeSecurityGroups DescribeVpcs", "rds": "DescribeDBInstances", "lambda": "ListFunctions20150331",
    "monitoring": "GetMetricData ListMetrics DescribeAlarms", "ecs": "ListClusters ListServices", "s3": "ListBuckets GetBucketPolicyStatus",
    "iam": "ListUsers ListRoles GenerateCredentialReport", "config": "DescribeComplianceByConfigRule", "tag": "GetResources",
})  # fmt: skip
# New things happen on quiet days too.
TAIL = _apis({
    "ec2": "DescribeAddresses DescribeRouteTables DescribeNatGateways DescribeNetworkInterfaces DescribeImages DescribeSnapshots DescribeKeyPairs "
    "DescribeAvailabilityZones DescribeLaunchTemplates DescribeVpcEndpoints DescribeNetworkAcls DescribeReservedInstances DescribeInstanceTypes "
    "CreateVolume ModifyInstanceAttribute CreateImage DescribeFlowLogs GetConsoleOutput",
    "s3": "GetBucketTagging GetBucketVersioning GetBucketAcl GetBucketEncryption GetBucketLifecycle PutBucketTagging",
    "iam": "ListGroups ListInstanceProfiles GetLoginProfile ListAccessKeys ListMFADevices GetRolePolicy ListOpenIDConnectProviders SimulatePrincipalPolicy",
    "rds": "DescribeDBClusters DescribeDBSnapshots DescribeDBParameterGroups CreateDBSnapshot ModifyDBInstance", "acm": "ListCertificates DescribeCertificate",
    "cloudfront": "ListDistributions GetDistribution CreateInvalidation", "sns": "ListTopics GetTopicAttributes Subscribe", "wafv2": "ListWebACLs GetWebACL",
    "states": "ListStateMachines DescribeExecution StartExecution", "apigateway": "GetRestApis GetStages", "events": "ListRules PutRule DescribeRule",
    "kinesis": "ListStreams DescribeStream", "elasticache": "DescribeCacheClusters", "ecr": "DescribeRepositories ListImages DescribeImageScanFindings",
    "codebuild": "BatchGetBuilds ListProjects StartBuild", "codepipeline": "GetPipelineState ListPipelines", "batch": "DescribeJobs ListJobs SubmitJob",
    "route53": "ListResourceRecordSets GetHostedZone", "servicequotas": "ListServiceQuotas", "support": "DescribeTrustedAdvisorChecks",
    "budgets": "DescribeBudgets", "backup": "ListBackupVaults StartBackupJob", "xray": "GetTraceSummaries", "kms": "ListAliases ListKeys Decrypt",
    "monitoring": "ListDashboards GetDashboard PutDashboard", "dynamodb": "DescribeContinuousBackups UpdateTable", "lambda": "ListLayers20181031 GetPolicy20150331v2 Invoke",
    "secretsmanager": "ListSecrets DescribeSecret", "ssm": "ListDocuments GetParameterHistory DescribeSessions", "glue": "GetCrawlers CreateTable",
    "bedrock": "ListFoundationModels GetFoundationModel", "eks": "ListClusters DescribeCluster", "elasticfilesystem": "DescribeFileSystems",
    "application-autoscaling": "DescribeScalableTargets", "sagemaker": "ListEndpoints ListNotebookInstances", "ses": "GetSendQuota ListIdentities",
})  # fmt: skip
NOVELTIES = (  # services that a team takes up
    _apis({"bedrock": "ListFoundationModels InvokeModel Converse", "sagemaker": "CreateEndpoint DescribeEndpoint"}),
    _apis({"eks": "CreateCluster DescribeCluster ListNodegroups CreateNodegroup UpdateNodegroupConfig"}),
    _apis(
        {
            "states": "CreateStateMachine StartExecution DescribeExecution UpdateStateMachine",
            "events": "PutRule PutTargets",
        }
    ),
    _apis(
        {
            "kinesis": "CreateStream DescribeStream PutResourcePolicy",
            "firehose": "CreateDeliveryStream DescribeDeliveryStream",
        }
    ),
    _apis({"apigateway": "CreateRestApi CreateDeployment GetRestApi", "cognito-idp": "CreateUserPool ListUserPools"}),
)
READ = ("Get", "List", "Describe", "BatchGet", "Lookup", "Filter", "Simulate", "Scan")


def reads(api: str) -> bool:
    """Return whether a call only reads."""
    return api.partition(":")[2].startswith(READ)
