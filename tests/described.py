"""How the description of the service is tried out: the same examples in every run."""

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
