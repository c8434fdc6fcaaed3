"""The keywords of `.gitlab-ci.yml`, from https://docs.gitlab.com/ci/yaml/."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT = _words(
    "default include stages variables workflow spec image services before_script after_script cache pages types"
)
"""Keys of the file's root that are not jobs; `pages` is both."""

NO_JOB_NAMES = _words(
    "image services stages types before_script after_script variables cache include true false nil default workflow"
)
JOB = _words(
    "after_script allow_failure artifacts before_script cache coverage dast_configuration dependencies environment "
    "except extends hooks id_tokens identity image inherit inputs interruptible manual_confirmation needs only pages "
    "parallel publish release resource_group retry rules run script secrets services stage start_in tags timeout "
    "trigger variables when"
)
DEFAULT = _words(
    "after_script artifacts before_script cache hooks id_tokens identity image interruptible retry "
    "services tags timeout"
)
WHEN_JOB = ("on_success", "on_failure", "always", "manual", "delayed")
WHEN_RULE = (*WHEN_JOB, "never")
WHEN_WORKFLOW = ("always", "never")
FIRST_STAGE, LAST_STAGE = ".pre", ".post"
DEFAULT_STAGES = ("build", "test", "deploy")

# https://docs.gitlab.com/ci/yaml/#retrywhen, and the other failure reasons of GitLab's CommitStatus.
RETRY_WHEN = _words(
    "always unknown_failure script_failure api_failure stuck_or_timeout_failure stuck_pending_with_matching_runners "
    "stuck_pending_no_matching_runners no_updates_running no_updates_canceling runner_system_failure "
    "runner_configuration_error runner_external_dependency_failure runner_interrupted "
    "runner_unsupported stale_schedule "
    "job_execution_timeout server_timeout_running server_timeout_canceling archived_failure unmet_prerequisites "
    "scheduler_failure data_integrity_failure missing_dependency_failure forward_deployment_failure user_blocked "
    "project_deleted ci_quota_exceeded pipeline_loop_detected no_matching_runner trace_size_exceeded builds_disabled "
    "environment_creation_failure deployment_rejected failed_outdated_deployment_job protected_environment_failure "
    "insufficient_bridge_permissions downstream_bridge_project_not_found invalid_bridge_trigger "
    "upstream_bridge_project_not_found insufficient_upstream_permissions bridge_pipeline_is_child_pipeline "
    "downstream_pipeline_creation_failed secrets_provider_not_found reached_max_descendant_pipelines_depth "
    "reached_max_pipeline_hierarchy_size ip_restriction_failure reached_downstream_pipeline_trigger_rate_limit"
)
REPORTS = _words(
    "accessibility annotations api_fuzzing browser_performance cluster_image_scanning codequality container_scanning "
    "coverage_fuzzing coverage_report cyclonedx dast dependency_scanning dotenv junit license_management "
    "license_scanning load_performance lsif metrics performance repository_xray requirements "
    "requirements_v2 sarif sast "
    "secret_detection terraform"
)
REMOVED = {"type": "stage", "types": "stages"}
ONLY_REFS = _words(
    "api branches chat external external_pull_requests merge_requests pipelines pushes schedules tags triggers web"
)
