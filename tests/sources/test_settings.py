"""What the environment may say, and that a wrong word is answered, never guessed."""

import pytest

from weights_registry.sources.settings import Transfer, is_hub_offline, is_offline, mirror_prefixes


def test_without_variables_the_defaults_hold() -> None:
    assert Transfer.from_environment() == Transfer()


def test_the_environment_sets_timeouts_and_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_TIMEOUT_S", "2.5")
    monkeypatch.setenv("WEIGHTS_REGISTRY_ATTEMPTS", "7")
    assert Transfer.from_environment() == Transfer(connect_timeout_s=2.5, read_timeout_s=2.5, max_attempts=7)


@pytest.mark.parametrize("variable", ["WEIGHTS_REGISTRY_TIMEOUT_S", "WEIGHTS_REGISTRY_ATTEMPTS"])
@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan"])
def test_a_value_that_is_no_number_above_0_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValueError, match=f"`{variable}` must be a number above 0, not `{value}`"):
        Transfer.from_environment()


@pytest.mark.parametrize(
    "wrong",
    [{"connect_timeout_s": 0}, {"read_timeout_s": -1}, {"backoff_s": -1}, {"max_wait_s": -1}, {"max_attempts": 0}],
)
def test_a_setting_out_of_range_is_named(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` must"):
        Transfer(**wrong)


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("TRUE", True), ("0", False), ("", False), ("off", False)])
def test_offline_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, value: str, offline: bool) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", value)
    assert is_offline() is offline
    assert is_hub_offline() is offline


def test_offline_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "maybe")
    with pytest.raises(ValueError, match="`WEIGHTS_REGISTRY_OFFLINE` must be 1 or 0, not `maybe`"):
        is_offline()


def test_the_hubs_own_switch_holds_for_the_hub_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert (is_offline(), is_hub_offline()) == (False, True)


def test_mirrors_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_MIRROR", "https://a.invalid/x/, file:///mnt/w ,,")
    assert mirror_prefixes() == ("https://a.invalid/x", "file:///mnt/w")


def test_a_mirror_that_is_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_MIRROR", "http://a.invalid")
    with pytest.raises(ValueError, match=r"`WEIGHTS_REGISTRY_MIRROR`: `http://a.invalid` must start with https://"):
        mirror_prefixes()
