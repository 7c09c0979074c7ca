"""Settings of these tests: laws are not timed, as the machine may have other work to do."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
