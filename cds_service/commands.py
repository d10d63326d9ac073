"""The command line: `serve`, and the commands of the other modules under their headings."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cds_service import logs
from cds_service.check_command import check
from cds_service.command_line import EXIT_STATUS, Commands, engine_of
from cds_service.completion import completion
from cds_service.describe_command import describe_service
from cds_service.doctor_command import doctor
from cds_service.engine import load_content
from cds_service.errors import CDSError
from cds_service.fixture_commands import fixtures
from cds_service.insight_command import insight
from cds_service.lint_command import lint
from cds_service.replay_command import replay
from cds_service.rules_command import rules
from cds_service.settings import Settings, read_settings
from cds_service.simulate_command import simulate

SECTIONS = (
    ("For clinicians and reviewers", "simulate check rules replay insight fixtures"),
    ("For whoever connects an EHR", "describe lint"),
    ("For whoever runs it", "serve doctor completion"),
)


@click.group(
    cls=Commands,
    sections=SECTIONS,
    epilog=EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="als-leukemia-cds", message="%(version)s")
@click.option("--traceback", is_flag=True, hidden=True, help="Show a fault in full.")
def main(traceback: bool) -> None:
    """CDS Hooks service for acute leukemia, above all in patients with ALS.

    See it at once: als-leukemia-cds simulate als-aml-emergency
    """


for command in (
    simulate,
    check,
    rules,
    replay,
    insight,
    fixtures,
    describe_service,
    lint,
    doctor,
    completion,
):
    main.add_command(command)


@main.command(short_help="Serve discovery and the three hooks.")
def serve() -> None:
    """Serve on HOST and PORT (default 127.0.0.1:8080) until Ctrl-C or SIGTERM.

    Settings are environment variables named CDS_*: docs/configuration.md. One that does not fit
    stops the start with a message and exit status 1.

    \b
    Examples:
      als-leukemia-cds serve
      PORT=8081 CDS_WORKERS=4 als-leukemia-cds serve
    """
    # Imported here, so that the other commands start without a web server.
    from cds_service import metrics, server

    settings = read_settings()
    # What does not fit is said here, once, rather than by every worker.
    _check_production(settings)
    engine_of(settings)
    logs.setup(settings.mode)
    click.echo(_what_to_try(settings))
    sys.stdout.flush()
    try:
        with metrics.folder(settings.workers):
            server.serve(
                "cds_service.app:create_worker",
                settings.host,
                settings.port,
                settings.workers,
                settings.threads,
                max_body_bytes=settings.max_body_bytes,
            )
    except SystemExit as end:
        if end.code:
            click.echo(
                f"The service could not start. Where another program listens on port "
                f"{settings.port}, choose another: PORT=8081 als-leukemia-cds serve",
                err=True,
            )
        raise


def _check_production(settings: Settings) -> None:
    """Stop with all that production lacks, if that is the mode."""
    from cds_service.app import check_production, now

    content = load_content(settings.content)
    try:
        check_production(settings, content, now)
    except CDSError as problem:
        raise click.ClickException(
            "\n".join(["production lacks:", *problem.problems, "`doctor` checks the same."])
        ) from problem


def _what_to_try(settings: Settings) -> str:
    if settings.mode == "production":
        return f"Production mode, for clients of {settings.base_url}. Stop with SIGTERM or Ctrl-C."
    # The address for every interface is none that a browser everywhere can open.
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 only compared
    base = f"http://{host}:{settings.port}"
    command = Path(sys.argv[0])
    try:
        command = command.resolve().relative_to(Path.cwd())
    except ValueError:
        command = Path(command.name)
    return (
        f"Sandbox mode: no authentication, content pending clinical review.\n"
        f"In a browser: {base}\n"
        f"Discovery:    {base}/cds-services\n"
        f"A real card:  {command} fixtures request als-aml-emergency.patient-view | \\\n"
        f"              curl -s -H 'Content-Type: application/json' --data-binary @- "
        f"{base}/cds-services/als-leukemia-patient-view\n"
        "Stop with Ctrl-C."
    )
